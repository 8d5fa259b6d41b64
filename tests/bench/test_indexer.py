"""The benchmark of the indexer on a small chain: every figure, and none where the tables are wrong."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from bench import indexer
from optionix.errors import UserError
from optionix.store.engine import conninfo
from tests.bench.test_bench import optionix

TINY = (
    *("--blocks", "60", "--accounts", "10", "--strikes", "2", "--acts", "6"),
    *("--repeats", "1", "--live", "3", "--block-seconds", "0.05"),
)


def test_it_ends_with_one_line_of_json() -> None:
    done = optionix("indexer", "--json", *TINY)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    document = json.loads(line)
    assert document["bench"] == "indexer"
    assert list(document["figures"]) == [name for name in indexer.GOALS if not name.endswith("_ratio")]
    assert all(value > 0 for value in document["figures"].values())
    assert document["figures"]["lag_ms_p50"] <= document["figures"]["lag_ms_p99"]


def test_tables_that_differ_from_the_contracts_have_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    audits = indexer._audit

    async def of_spoilt_tables(stage: Any, config: Any) -> Any:
        with psycopg.connect(conninfo(config.database_url), autocommit=True) as connection:
            connection.execute("update balance set free = free + 1 where free > 0")
        return await audits(stage, config)

    monkeypatch.setattr(indexer, "_audit", of_spoilt_tables)
    with pytest.raises(UserError, match="nothing to measure"):
        indexer.measure(TINY)
