"""Work on a cluster gives what it gives here, also when a worker dies under it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ml.backtest import backtest, rows
from ml.bars import Bars
from ml.calibration.quotes import read_chain, snapshots
from ml.calibration.surface import fit_surface
from ml.chain_scenarios import holdings_of, state_of
from ml.compute import each
from ml.models import OWN, Ewma
from ml.scenarios import scenarios
from optionix.cli.risk import risk
from optionix.errors import UserError
from optionix.instruments import format_expiry
from tests.ml.chains import FORWARD, MOMENT, TRUTH, chain
from tests.ml.walks import REPLAY_START

AT_EXPIRY_HOUR = MOMENT.normalize() + pd.Timedelta(hours=8)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers in processes of their own, each watched by a nanny that starts it again."""
    import distributed

    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, worker_dashboard_address=None
    ) as running:
        yield running


def kill_one(cluster: Any) -> int:
    """End the process of a worker as the system would when memory is short; its id."""
    worker = next(iter(cluster.workers.values()))
    pid = int(worker.process.process.pid)
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_backtest_is_equal_when_a_worker_is_killed(eth: Bars, cluster: Any) -> None:
    known = eth.until(REPLAY_START)
    models = (Ewma, *OWN)
    here = rows(backtest(known, [1, 7], models=models), 0, 2**62)
    killed: list[int] = []

    def kill_once(done: int, total: int) -> None:
        assert total == 2 * len(models) and done <= total
        if not killed:
            killed.append(kill_one(cluster))

    address = cluster.scheduler_address
    there = rows(backtest(known, [1, 7], models=models, engine="dask", scheduler=address, done=kill_once), 0, 2**62)
    assert killed
    pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_surfaces_of_a_chain_are_equal_on_a_cluster(cluster: Any, tmp_path: Any) -> None:
    source = tmp_path / "chain.parquet"
    chain().to_parquet(source)
    written = []
    for name, options in (("here", []), ("there", ["--engine", "dask", "--scheduler", cluster.scheduler_address])):
        out = tmp_path / f"{name}.json"
        arguments = ["fit-surface", "--chain", str(source), "--out", str(out), "--json", *options]
        done = CliRunner().invoke(risk, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        written.append(out.read_bytes())
    assert written[0] == written[1] and len(written[0]) > 1000


def test_results_come_in_the_order_of_the_pieces_however_many(cluster: Any) -> None:
    pieces = [float(number) for number in range(450)]
    assert each(np.sqrt, pieces) == each(np.sqrt, pieces, "dask", cluster.scheduler_address)


def test_an_error_of_a_piece_is_its_own(cluster: Any) -> None:
    for engine in ("local", "dask"):
        with pytest.raises(ValueError, match="invalid literal"):
            each(int, ["1", "two"], engine, cluster.scheduler_address)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheduler", "words"),
    [(None, "needs a scheduler"), ("tcp://127.0.0.1:9", "no Dask scheduler"), ("nowhere", "no Dask scheduler")],
)
def test_no_scheduler_is_one_line(scheduler: str | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.compute.CONNECT_SECONDS", 1)
    with pytest.raises(UserError, match=words):
        each(int, ["1"], "dask", scheduler)


def test_scenarios_of_a_chain_are_equal_on_a_cluster(cluster: Any, tmp_path: Any) -> None:
    source = tmp_path / "chain.parquet"
    chain(moment=AT_EXPIRY_HOUR).to_parquet(source)
    name = f"ETH-{format_expiry(int(AT_EXPIRY_HOUR.timestamp()) + max(TRUTH) * 86_400)}-{FORWARD:.0f}-C"
    written, told = [], []
    for place, options in (("here", []), ("there", ["--engine", "dask", "--scheduler", cluster.scheduler_address])):
        out = tmp_path / f"{place}.jsonl"
        arguments = ["scenarios", f"{name}=-2", "--chain", str(source), "--out", str(out), "--json", *options]
        done = CliRunner().invoke(risk, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        written.append(out.read_bytes())
        told.append(json.loads(done.stdout))
    assert written[0] == written[1] and written[0].count(b"\n") == told[0]["priced"] == 1
    assert told[0]["worst"]["change"] < 0


def test_scenarios_are_equal_when_a_worker_is_killed(cluster: Any, tmp_path: Any) -> None:
    source = tmp_path / "chain.parquet"
    chain(moment=AT_EXPIRY_HOUR).to_parquet(source)
    (moment, _, expiries), *_ = snapshots(read_chain(source))
    state = state_of("ETH", fit_surface(expiries))
    expiry = format_expiry(expiries[-1].expiry)
    held = [holdings_of([(f"ETH-{expiry}-{strike}-C", "-1")])[0][1] for strike in range(1_000, 1_400)]
    pieces = [(state, (holding,), int(moment.timestamp())) for holding in held]
    here = scenarios(pieces)
    kill_one(cluster)
    assert scenarios(pieces, "dask", cluster.scheduler_address) == here
    assert len({one.binding.change for one in here}) > 100
