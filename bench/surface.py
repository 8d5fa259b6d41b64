"""Errors and time of both surface fits over real option chains, and whether any slice has arbitrage."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.calibration.quotes import read_chain, snapshots
from ml.calibration.surface import FittedSurface, fit_surface
from optionix.benchmarks import Figure, Report
from optionix.chain.abi import REPOSITORY
from optionix.errors import UserError
from optionix.pricing.svi import RawSvi

DATA = REPOSITORY.parent / "shared" / "data"
FILES = ("deribit_btc_chain_daily.parquet", "deribit_eth_chain_daily.parquet")
DENSE = np.linspace(-1.0, 1.0, 1001)
"""Log-moneyness over twice the range of the quotes, of the expiry (six deviations at least) and of the snapshot."""
CONDITIONS = (
    "Every snapshot and expiry with six usable quotes: out of the money, bid and ask, a tick worth at most a point of"
    " volatility. Errors are vega-weighted root mean squares against the venue's marks, in points of volatility.",
    "Arbitrage: a negative density, or a crossing with the expiry before, at 1,001 strikes, of either fit.",
)


def measure(words: Sequence[str]) -> Report:
    """All figures; see `CONDITIONS`.

    Raises
    ------
    UserError
        There are no chains.
    """
    options = _arguments(words)
    paths = [Path(path) for path in options.chain] or [DATA / name for name in FILES]
    if missing := [str(path) for path in paths if not path.exists()]:
        raise UserError(f"There is no {', '.join(missing)}.", "Name chain files with --chain.")
    raw, chain, spent = [], [], 0.0
    arbitrage = skipped = refused = 0
    for path in paths:
        taken = list(snapshots(read_chain(path)))[:: options.every]
        fit_surface(taken[0][2])  # compiles
        for _, _, expiries in taken:
            started = time.perf_counter()
            surface = fit_surface(expiries)
            spent += time.perf_counter() - started
            raw += [entry.raw_error for entry in surface.slices]
            chain += [entry.ssvi_error for entry in surface.slices]
            skipped += len(surface.skipped)
            refused += sum(not check.ok for check in surface.checks)
            arbitrage += arbitrage_slices(surface)
    figures = (
        Figure("rmse_points_median", float(np.median(raw)), 0.16, note="raw SVI"),
        Figure("rmse_points_p95", float(np.quantile(raw, 0.95)), 0.38, note="raw SVI"),
        Figure("ssvi_rmse_points_median", float(np.median(chain)), 0.5, note="SSVI as the contract takes it"),
        Figure("fit_ms", 1000 * spent / len(raw), 3.0, note="both fits of a slice, with the repair of its surface"),
        Figure("arbitrage_slices", arbitrage, 0),
    )
    beside = (
        Figure("slices", len(raw)),
        Figure("SSVI p95", float(np.quantile(chain, 0.95))),
        Figure("contract's checks failed", refused),
        Figure("expiries with too few quotes", skipped),
    )
    return Report(figures, beside, CONDITIONS)


def arbitrage_slices(surface: FittedSurface) -> int:
    """Slices of either fit with a negative density or below the slice before, on the dense grid."""
    count = 0
    before: tuple[RawSvi, RawSvi] | None = None
    widest = max((float(np.abs(entry.quotes.k).max()) for entry in surface.slices), default=0.0)
    for entry in surface.slices:
        deviation = float(np.sqrt(entry.raw.total_variance(0.0)))
        own = max(2.0 * float(np.abs(entry.quotes.k).max()), 6.0 * deviation)
        k = np.concatenate([DENSE * own, DENSE * max(own, 2.0 * widest)])
        curves: tuple[RawSvi, RawSvi] = (entry.raw, RawSvi.from_ssvi(entry.ssvi.unpack()))
        count += any(np.any(curve.total_variance(k) <= 0) for curve in curves)
        count += any(np.any(curve.density_sign(k) < -1e-9) for curve in curves)
        if before is not None:
            for near, far in zip(before, curves, strict=True):
                count += bool(np.any(far.total_variance(k) < near.total_variance(k) * (1 - 1e-9)))
        before = curves
    return count


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="optionix bench surface")
    parser.add_argument("--chain", action="append", default=[], help="a chain file; the shared ones when not given")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th snapshot")
    return parser.parse_args(words)
