"""A venue's chain from a file or an address: read beside the answers, refused with its reason where it is no use."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import venue as module
from ml.venue import VenueAnswer, VenueSource, VenueSurface
from tests.ml.chains import FORWARD, MOMENT, TRUTH, chain

NOW = int(MOMENT.timestamp())


@pytest.fixture
def opened() -> Iterator[Callable[..., VenueSource]]:
    made: list[VenueSource] = []

    def make(where: str | Path, refresh_seconds: float = 0.0) -> VenueSource:
        made.append(VenueSource(str(where), refresh_seconds=refresh_seconds))
        return made[-1]

    yield make
    for source in made:
        source.close()


def settled(source: VenueSource, as_of: int = NOW + 60, asset: str = "ETH", spot: float = FORWARD) -> VenueAnswer:
    """The answer once a reading that was begun by it is done."""
    source.ask(asset, as_of, spot)
    for _ in range(2):
        assert source._pending is not None
        wait([source._pending], 60)
        answer = source.ask(asset, as_of, spot)
    return answer


def sound(answer: VenueAnswer) -> VenueSurface:
    assert answer.problem is None and answer.surface is not None, answer.problem
    return answer.surface


class Feed:
    """A venue's server that does as it is told."""

    def __init__(self) -> None:
        self.status, self.body, self.hold = 200, b"", threading.Event()
        self.hold.set()
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.hold.wait(30)
                self.send_response(feed.status)
                self.end_headers()
                self.wfile.write(feed.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/chain"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def feed() -> Iterator[Feed]:
    made = Feed()
    yield made
    made.hold.set()
    made.server.shutdown()
    made.server.server_close()


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def test_the_newest_snapshot_known_at_market_time_counts(tmp_path: Path, opened: Callable[..., VenueSource]) -> None:
    path = tmp_path / "chain.parquet"
    later = {days: (theta * 1.44, phi / 1.2, rho) for days, (theta, phi, rho) in TRUTH.items()}
    moment = MOMENT + pd.Timedelta(hours=1)
    pd.concat([chain(), chain(later, moment=moment)]).to_parquet(path)
    source = opened(path)
    before, after = (sound(settled(source, NOW + seconds)) for seconds in (3599, 3600))
    assert before.timestamp == NOW and after.timestamp == NOW + 3600, "nothing later is looked at"
    assert before.theta == pytest.approx([theta for theta, _, _ in TRUTH.values()], rel=0.01)
    assert after.theta == pytest.approx([1.44 * theta for theta, _, _ in TRUTH.values()], rel=0.01)
    assert -0.3 < before.rho < -0.2 and 0.8 < before.eta < 0.95
    assert settled(source, NOW - 1).problem == f"it has no snapshot of ETH at or before market time {NOW - 1}"
    assert "no snapshot of BTC" in (settled(source, asset="BTC").problem or "")
    assert 0 < before.quality(NOW + 3599) < before.quality(NOW) < 1


def test_total_variance_is_even_between_expiries_and_unknown_far_outside() -> None:
    surface = VenueSurface(0, (700, 3000), (0.07, 0.36), -0.2, 0.9, 100, {}, 0.1, 3000.0)
    assert surface.total_variance(700, 0) == pytest.approx(0.07)
    assert surface.total_variance(350, 0) == pytest.approx(0.035)
    assert surface.total_variance(1850, 0) == pytest.approx((0.07 + 0.36) / 2)
    assert surface.total_variance(4500, 0) == pytest.approx(0.54)
    assert surface.total_variance(700, 350) == pytest.approx(0.035), "what is left of it decays"
    for expiry in (349, 4501):
        assert surface.total_variance(expiry, 0) is None
    assert surface.total_variance(4000, 3000) is None


def spoilt(change: Callable[[pd.DataFrame], None]) -> pd.DataFrame:
    table = chain()
    change(table)
    return table


def _cross(table: pd.DataFrame) -> None:
    table.loc[table.index % 3 == 0, "bid_price"] *= 1.1


def _thin(table: pd.DataFrame) -> None:
    table.loc[table.index % 4 != 0, "bid_price"] = np.nan


@pytest.mark.parametrize(
    ("table", "as_of", "spot", "reason"),
    [
        (spoilt(_cross), NOW, FORWARD, "crossed: "),
        (spoilt(_thin), NOW, FORWARD, "sparse: "),
        (chain(), NOW + 3601, FORWARD, "stale: its snapshot is 3601 s old"),
        (chain(), NOW, FORWARD * 1.06, "not near the chain's spot"),
        (chain().drop(columns="vega"), NOW, FORWARD, "no column vega"),
        (chain().iloc[:0], NOW, FORWARD, "no rows"),
    ],
)
def test_a_chain_that_is_no_use_is_refused_with_its_reason(
    table: pd.DataFrame, as_of: int, spot: float, reason: str, tmp_path: Path, opened: Callable[..., VenueSource]
) -> None:
    path = tmp_path / "chain.csv"
    table.to_csv(path, index=False)
    answer = settled(opened(path), as_of, spot=spot)
    assert answer.surface is None and reason in (answer.problem or ""), answer.problem


def test_a_file_that_is_absent_or_changes_is_read_again(tmp_path: Path, opened: Callable[..., VenueSource]) -> None:
    path = tmp_path / "chain.csv"
    source = opened(path)
    assert settled(source).problem == "it cannot be read: FileNotFoundError"
    path.write_bytes(csv(chain()))
    sound(settled(source))
    path.write_bytes(b"no chain at all")
    assert "no column" in (settled(source).problem or "")


def test_an_address_gives_csv_or_parquet_and_its_faults_are_told(
    feed: Feed, opened: Callable[..., VenueSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.status, feed.body = 500, b""
    assert "HTTPError" in (settled(opened(feed.url)).problem or "")
    feed.status, feed.body = 200, csv(chain())
    source = opened(feed.url)
    sound(settled(source))
    packed = io.BytesIO()
    chain().to_parquet(packed)
    feed.body = packed.getvalue()
    sound(settled(source))
    feed.status = 503
    sound(settled(source))  # what was read before is used while it is fresh
    assert "stale" in (settled(source, NOW + 4000).problem or "")
    feed.status, feed.body = 200, b"\x00\xff" * 99
    assert settled(source).surface is None
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    feed.body = csv(chain())
    assert "more than 1,000 bytes" in (settled(opened(feed.url)).problem or "")


def test_a_silent_venue_holds_up_no_answer(
    feed: Feed, opened: Callable[..., VenueSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.05)
    feed.hold.clear()
    source = opened(feed.url)
    begun = time.monotonic()
    assert source.ask("ETH", NOW, FORWARD).problem == "it has not answered yet"
    assert time.monotonic() - begun < module.READ_SECONDS / 2
    feed.hold.set()
