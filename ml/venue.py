"""A venue's option chain as a source of surfaces: a file or an address that gives snapshots in Deribit's columns.

It is read and fitted on a thread of its own, so that a venue that is slow, silent or lying in wait holds up no answer:
what was read last is used while it is not too old. Of a file with many snapshots the newest at or before market time
counts; nothing later is looked at.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import structlog

from ml.calibration.quotes import BadChain, Quotes, read_chain, snapshots, tidy_chain
from ml.calibration.surface import fit_surface

log = structlog.get_logger("risk")

MAX_AGE_SECONDS = 3600
"""A snapshot older than this (market time) is refused; until then its quality falls evenly to zero."""
MAX_CROSSED_SHARE = 0.05
"""A snapshot with a larger share of quotes whose bid is above their ask is refused."""
MIN_QUOTES = 24
"""A snapshot with fewer usable quotes is refused."""
FULL_QUOTES = 100.0
"""So many usable quotes have half of the quality."""
MAX_FORWARD_GAP = 0.05
"""A forward of a near expiry further from the chain's spot is of another market, or of another time."""
REFRESH_SECONDS = 10.0
"""Wall time between two readings."""
READ_SECONDS = 5.0
MOST_BYTES = 64 * 1024 * 1024
FIRST_WAIT_SECONDS = 1.0
"""The first question waits this long for the first reading; later ones wait for none."""


@dataclass(frozen=True)
class VenueSurface:
    """A venue's snapshot, fitted; arrays by expiry, near first.

    Attributes
    ----------
    timestamp : of the snapshot, seconds.
    expiry : seconds.
    theta : total variance at the money at the snapshot's time.
    rho, eta : shape, eta = phi sqrt(theta (1 + theta)); means weighted by quotes.
    quotes : that were usable; `rejected` the others by reason.
    error_points : root mean square error of the slices, vega-weighted, points of volatility.
    forward : of the nearest expiry, quote per base.
    """

    timestamp: int
    expiry: tuple[int, ...]
    theta: tuple[float, ...]
    rho: float
    eta: float
    quotes: int
    rejected: dict[str, int]
    error_points: float
    forward: float

    def total_variance(self, expiry: int, as_of: int) -> float | None:
        """From `as_of` to an expiry: even in time between the quoted ones; None far outside of them."""
        left = [(at - as_of, theta * (at - as_of) / (at - self.timestamp))
                for at, theta in zip(self.expiry, self.theta, strict=True) if at > as_of]  # fmt: skip
        wanted = expiry - as_of
        if not left or not left[0][0] / 2 <= wanted <= left[-1][0] * 1.5:
            return None
        times, totals = [0.0, *(t for t, _ in left)], [0.0, *np.maximum.accumulate([v for _, v in left])]
        if wanted <= times[-1]:
            return float(np.interp(wanted, times, totals))
        return float(totals[-1] * wanted / times[-1])

    def quality(self, as_of: int) -> float:
        """How far to trust it, 0 to 1: fresh, quoted at many strikes, and fitted well.

        (1 - age / `MAX_AGE_SECONDS`) x quotes / (quotes + `FULL_QUOTES`) x 1 / (1 + error in points / 2).
        """
        fresh = float(np.clip(1 - (as_of - self.timestamp) / MAX_AGE_SECONDS, 0.0, 1.0))
        return fresh * self.quotes / (self.quotes + FULL_QUOTES) / (1 + self.error_points / 2)


@dataclass(frozen=True)
class VenueAnswer:
    """What a venue gives for a market now: a surface, or the reason why none is used."""

    source: str
    surface: VenueSurface | None
    problem: str | None


@dataclass
class _Read:
    """What was read last, and what came of it."""

    stamp: object = None
    at: float = -REFRESH_SECONDS
    table: pd.DataFrame | None = None
    problem: str | None = None
    fitted: dict[tuple[str, int], VenueSurface | str] = field(default_factory=dict)


class VenueSource:
    """Snapshots of a file or of an http(s) address, CSV or Parquet.

    Parameters
    ----------
    where : path or address.
    """

    def __init__(self, where: str, *, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self.where = where
        self._refresh_seconds = refresh_seconds
        self._read = _Read()
        self._lock = threading.Lock()
        self._pending: Future[None] | None = None
        self._newest: dict[str, VenueSurface | str] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="venue")

    def close(self) -> None:
        """Read no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def ask(self, asset: str, as_of: int, spot: float | None) -> VenueAnswer:
        """What the venue says of an asset at market time; waits for its first reading only, and not for long."""
        with self._lock:
            known = self._newest.get(asset)
            if self._pending is None or self._pending.done():
                self._pending = self._worker.submit(self._refresh, asset, as_of)
            pending = self._pending
        if known is None:
            wait([pending], FIRST_WAIT_SECONDS)
            known = self._newest.get(asset, "it has not answered yet")
        problem = known if isinstance(known, str) else refusal(known, as_of, spot)
        surface = None if isinstance(known, str) or problem else known
        return VenueAnswer(self.where, surface, problem)

    def _refresh(self, asset: str, as_of: int) -> None:
        try:
            found = self._at(asset, as_of)
        except Exception as error:  # noqa: BLE001 - a feed from outside can break in any way: its words are the answer
            log.warning("the venue's chain cannot be used", source=self.where, error=repr(error))
            found = f"its chain cannot be used: {type(error).__name__}"
        self._newest[asset] = found

    def _at(self, asset: str, as_of: int) -> VenueSurface | str:
        if time.monotonic() - self._read.at >= self._refresh_seconds:
            self._load()
        read = self._read
        if read.problem is not None or read.table is None:
            return read.problem or "it has no snapshot"
        rows = read.table[read.table.currency.astype(str).str.upper() == asset.upper()]
        moments = rows.ts[rows.ts <= pd.Timestamp(as_of, unit="s", tz="UTC")]
        if moments.empty:
            return f"it has no snapshot of {asset} at or before market time {as_of}"
        newest = moments.max()
        key = (asset, int(newest.timestamp()))
        if key not in read.fitted:
            expiries = next(iter(snapshots(rows[rows.ts == newest])))[2]
            read.fitted[key] = fit_snapshot(expiries)
        return read.fitted[key]

    def _load(self) -> None:
        """Read the file where it has changed, or the address; a failure keeps nothing that was read before."""
        read = self._read
        read.at = time.monotonic()
        try:
            if self.where.startswith(("http://", "https://")):
                body = fetch(self.where)
                stamp: object = hash(body)
                if stamp != read.stamp:
                    self._read = _Read(stamp, read.at, parse(self.where, body))
                else:
                    read.problem = None
                return
            path = Path(self.where)
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != read.stamp:
                self._read = _Read(stamp, read.at, read_chain(path))
        except BadChain as error:
            self._read = _Read(at=read.at, problem=str(error))
        except (OSError, httpx.HTTPError) as error:
            # What was read before ages by market time, and is refused when it is too old.
            log.warning("the venue cannot be read", source=self.where, error=repr(error))
            if read.table is None:
                read.problem = f"it cannot be read: {type(error).__name__}"


def fetch(address: str) -> bytes:
    """The body of an address.

    Raises
    ------
    httpx.HTTPError
        When it does not answer in time, or not with 200.
    BadChain
        When it is larger than a chain can be.
    """
    until = time.monotonic() + READ_SECONDS
    with httpx.stream("GET", address, timeout=READ_SECONDS, follow_redirects=False) as answer:
        if answer.status_code != 200:
            raise httpx.HTTPError(f"status {answer.status_code}")
        parts, size = [], 0
        for part in answer.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise BadChain(f"{address} gives more than {MOST_BYTES:,} bytes.")
            if time.monotonic() > until:
                raise httpx.ReadTimeout(f"no whole answer within {READ_SECONDS} s")
    return b"".join(parts)


def parse(name: str, body: bytes) -> pd.DataFrame:
    """A chain of a body, Parquet by its mark, else CSV; BadChain where it is none."""
    try:
        table = pd.read_parquet(io.BytesIO(body)) if body[:4] == b"PAR1" else pd.read_csv(io.BytesIO(body))
    except (OSError, ValueError) as error:
        raise BadChain(f"{name} cannot be read: {error}.", "A chain is CSV or Parquet.") from error
    return tidy_chain(table, name)


def fit_snapshot(expiries: Sequence[Quotes]) -> VenueSurface | str:
    """A snapshot's surface, or why there is none: crossed or sparse quotes, slices with arbitrage."""
    rejected: dict[str, int] = {}
    for quotes in expiries:
        for reason, count in quotes.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    usable = sum(len(quotes.k) for quotes in expiries if quotes.usable)
    crossed, all_quotes = rejected.get("bid above ask", 0), usable + rejected.get("bid above ask", 0)
    if crossed > MAX_CROSSED_SHARE * max(all_quotes, 1):
        return f"crossed: {crossed} of {all_quotes} quotes have their bid above their ask"
    if usable < MIN_QUOTES:
        return f"sparse: {usable} usable quotes, {MIN_QUOTES} are needed"
    fitted = fit_surface(expiries)
    if failed := [check for check in fitted.checks if not check.ok]:
        return f"its fit fails {failed[0].name}: {failed[0].detail}"
    counts = np.array([len(entry.quotes.k) for entry in fitted.slices], dtype=np.float64)
    slices = [entry.ssvi.unpack() for entry in fitted.slices]
    etas = [float(s.phi * np.sqrt(s.theta * (1 + s.theta))) for s in slices]
    return VenueSurface(
        fitted.slices[0].quotes.timestamp,
        tuple(entry.quotes.expiry for entry in fitted.slices),
        tuple(s.theta for s in slices),
        float(np.average([s.rho for s in slices], weights=counts)),
        float(np.average(etas, weights=counts)),
        usable,
        rejected,
        float(np.sqrt(np.average([entry.ssvi_error**2 for entry in fitted.slices], weights=counts))),
        fitted.slices[0].quotes.forward,
    )


def refusal(surface: VenueSurface, as_of: int, spot: float | None) -> str | None:
    """Why a venue's surface is not used at market time; None where it is."""
    age = as_of - surface.timestamp
    if age > MAX_AGE_SECONDS:
        return f"stale: its snapshot is {age} s old"
    if age < 0:
        return f"its snapshot is {-age} s later than market time"
    if spot and abs(surface.forward / spot - 1) > MAX_FORWARD_GAP:
        return f"its forward {surface.forward:.6g} is not near the chain's spot {spot:.6g}"
    return None
