"""Six instruments whose every field was worked out by hand (golden/*.json), from given figures alone: no chain."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.deribit.instruments import Listing, instrument
from api.deribit.levels import Book, merged, order_level, vault_asks, vault_bids
from api.deribit.marking import marked
from api.deribit.tickers import Snapshot, Stats, order_book, summary, ticker
from api.deribit.units import dumps
from optionix.instruments import Series, Side
from optionix.pricing.marks import Marks
from optionix.pricing.vault import Quote, Value

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))
MODEL = {"mark_iv", "bid_iv", "ask_iv", "interest_rate", "delta", "gamma", "vega", "theta", "rho"}
"""Fields that are floats of the model; all others are exact."""


def number(given: str | None) -> int | None:
    return None if given is None else int(given)


def quotes(table: dict[str, dict[str, int]]) -> Any:
    """A vault that quotes these amounts alone."""
    known = {int(amount): Quote(0, 0, 0, 0, 0, 0, each["fee"], each["total"], 0, 0) for amount, each in table.items()}
    return known.get


def book_of(given: dict[str, Any], side: Side, index: int | None) -> Book:
    bids, asks = [], []
    for order in given["orders"]:
        level = order_level(
            is_buy=order["is_buy"],
            in_quote=order["in_quote"],
            price=int(order["price"]),
            fillable=int(order["fillable"]),
            index=index,
        )
        if level is not None:
            (bids if order["is_buy"] else asks).append(level)
    vault = given["vault"]
    if vault is not None and index is not None:
        asks += vault_asks(side, vault["decimals"], index, quotes(vault["buy"]), depth=True)
        written = int(vault["written"])
        bids += vault_bids(side, vault["decimals"], index, written, quotes(vault["sell"]), depth=True)
    return merged(bids, asks)


def snapshot_of(name: str, given: dict[str, Any]) -> Snapshot:
    side, index = Side.parse(given["side"]), number(given["index"])
    series = Series(given["market"], side, given["expiry"], int(given["strike"]))
    assert series.name(given["symbol"]) == name
    listing = Listing(
        name=name,
        series_id=series.id,
        symbol=given["symbol"],
        side=side,
        strike=series.strike,
        expiry=series.expiry,
        listed_at=given["listed_at"],
        of_notional=int(given["of_notional"]),
        settled_at_price=number(given["settlement_price"]),
    )
    book, view = book_of(given, side, index), None
    if given["value"] is not None and index is not None:
        value = Value(ask=0, bid=0, **{field: int(each) for field, each in given["value"].items()})
        model = given["model"]
        unused = {field: np.array(np.nan) for field in Marks.__dataclass_fields__ if field not in model}
        figures = Marks(**{field: np.array(each) for field, each in model.items()}, **unused)
        view = marked(side, index, series.strike, value, figures, given["rate"], book)
    return Snapshot(
        listing=listing,
        time=given["time"],
        index=index,
        forward=number(given["forward"]),
        rate=given["rate"],
        marked=view,
        open_interest=int(given["open_interest"]),
        stats=Stats(**{field: int(each) for field, each in given["stats"].items()}),
        last=given["last"],
        book=book,
    )


def parsed(text: bytes | str) -> Any:
    """JSON with its numbers exactly as they are written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def compare(told: dict[str, Any], golden: dict[str, Any]) -> None:
    assert list(told) == list(golden)
    for field, expected in golden.items():
        if isinstance(expected, dict):
            compare(told[field], expected)
        elif field in MODEL and expected is not None:
            assert float(told[field]) == pytest.approx(float(expected), rel=1e-9), field
        else:
            assert told[field] == expected, field


def fields_of(answer: dict[str, Any]) -> set[str]:
    """Names of all fields, those inside of others as `greeks.delta`."""
    inside = {f"{outer}.{name}" for outer, each in answer.items() if isinstance(each, dict) for name in each}
    return {name for name, each in answer.items() if not isinstance(each, dict)} | inside


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestGolden:
    def test_every_field(self, path: Path) -> None:
        golden, given = parsed(path.read_text()), json.loads(path.read_text())["given"]
        snapshot = snapshot_of(path.stem, given)
        compare(parsed(dumps(instrument(snapshot.listing, snapshot.time))), golden["instrument"])
        compare(parsed(dumps(ticker(snapshot))), golden["ticker"])
        compare(parsed(dumps(summary(snapshot))), golden["summary"])
        book = dict(golden["order_book"])
        depth = int(book.pop("depth"))
        told = order_book(snapshot, depth, int(book["change_id"]))
        compare(parsed(dumps(told)), golden["ticker"] | book)

    def test_every_field_says_how_it_is_derived(self, path: Path) -> None:
        golden = json.loads(path.read_text())
        named = {part.strip() for name in golden["derivation"] for part in name.split(",")}
        for part in ("instrument", "ticker"):
            assert fields_of(golden[part]) <= named, fields_of(golden[part]) - named
        named |= {name.partition(".")[2] for name in named}
        assert fields_of(golden["summary"]) <= named, fields_of(golden["summary"]) - named


def test_they_are_six_of_all_kinds() -> None:
    instruments = [json.loads(path.read_text())["instrument"] for path in FILES]
    assert len(FILES) == 6
    assert {each["base_currency"] for each in instruments} == {"BTC", "ETH"}
    assert {each["option_type"] for each in instruments} == {"call", "put"}
    assert {each["state"] for each in instruments} == {"open", "delivered"}
