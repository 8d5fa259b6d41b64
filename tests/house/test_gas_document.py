"""docs/gas.md says of goals, of splits and of the warm trade what the code and the snapshots say."""

from __future__ import annotations

import json

from bench import gas
from bench.onchain.explain import KINDS
from optionix.chain.abi import REPOSITORY
from tests.support.gas_document import DOCUMENT, missed, recorded, splits


def test_every_transaction_and_formula_has_a_row_with_its_goal() -> None:
    rows = recorded()
    assert {*rows, "price_error_of_strike"} == set(gas.KEYS)
    for key, (goal, measured, reached) in rows.items():
        assert goal == gas.GOALS.get(key), key
        assert reached == ({True: "yes", False: "**no**"}[measured <= goal] if goal else ""), key


def test_what_is_missed_is_split_to_the_last_unit() -> None:
    parts = splits()
    assert set(parts) == missed()
    for key, split in parts.items():
        assert tuple(split) == (*KINDS, "whole"), key
        assert sum(split[kind] for kind in KINDS) == split["whole"], key
        # Signatures differ in their zero bytes from run to run.
        assert abs(split["whole"] - recorded()[key][1]) < 100, key
        charged = split["whole"] - split["computing"] - split["warm"]
        assert f"### `{key}`: the chain alone asks {charged:,}" in DOCUMENT, key


def test_the_warm_trade_is_the_snapshots() -> None:
    kept = json.loads((REPOSITORY / "snapshots" / "OptionVault.json").read_text(encoding="utf-8"))
    assert f"the same trade is {int(kept['second buy from the free balance']):,}" in DOCUMENT.replace("\n", " ")
