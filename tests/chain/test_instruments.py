"""Series ids and names: one to one, strict, and packed as the contracts pack them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix.instruments import (
    DAY,
    InstrumentError,
    Series,
    Side,
    format_expiry,
    pack_book_key,
    parse_expiry,
    parse_name,
    parse_series,
    split_book_key,
)

DAYS_2000_TO_2099 = (10_957, 47_481)
series_of_any_kind = st.builds(
    Series,
    market=st.integers(1, 2**16 - 1),
    side=st.sampled_from(Side),
    expiry=st.integers(*DAYS_2000_TO_2099).map(lambda day: day * DAY + 8 * 3600),
    strike=st.integers(1, 2**64 - 1),
)
symbols = st.from_regex(r"[A-Z][A-Z0-9]{0,15}", fullmatch=True)


@given(series_of_any_kind)
def test_an_id_unpacks_to_its_series(series: Series) -> None:
    assert Series.from_id(series.id) == series
    assert split_book_key(series.book_key) == (series.market, series.side, series.expiry)
    assert pack_book_key(series.market, series.side, series.expiry) == series.book_key


@given(series_of_any_kind, symbols)
def test_a_name_reads_back_to_its_series(series: Series, symbol: str) -> None:
    assert parse_series(series.name(symbol), {symbol: series.market}) == series


@given(series_of_any_kind, series_of_any_kind)
def test_ids_order_as_market_side_expiry_strike(one: Series, other: Series) -> None:
    assert (one < other) == (one.id < other.id)


@given(st.text(max_size=40))
def test_whatever_parses_is_the_one_way_to_write_it(text: str) -> None:
    try:
        instrument = parse_name(text)
    except InstrumentError:
        return
    assert instrument.series(1).name(instrument.symbol) == text


def test_the_documented_examples() -> None:
    call = parse_series("ETH-27NOV26-3000-C", {"ETH": 1, "BTC": 2})
    assert (call.market, call.side, call.expiry, call.strike) == (1, Side.CALL, 1_795_766_400, 3000 * 10**8)
    assert call.id == 1 << 112 | 0 << 104 | 1_795_766_400 << 64 | 300_000_000_000
    assert call.strike_wad == 3000 * 10**18
    put = parse_name("DOGE-1DEC26-0d625-P")
    assert (put.side, put.strike, str(put.series(3).strike_decimal)) == (Side.PUT, 62_500_000, "0.62500000")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not an option"),
        ("ETH-27NOV26-3000", "is not an option"),
        ("eth-27NOV26-3000-C", "is not an option"),
        ("ETH-27NOV26-3000-X", "is not an option"),
        ("ETH-27NOV26-3000-C ", "is not an option"),
        ("ETH-27NOV26-3000-C\n", "is not an option"),
        ("ETH-27NOV26-03000-C", "is not an option"),
        ("ETH-27NOV26-0d6250-P", "is not an option"),
        ("ETH-27NOV26-3000.5-P", "is not an option"),
        ("ETH-27NOV26-٣-P", "is not an option"),
        ("ETH-07NOV26-3000-C", "is not an expiry"),
        ("ETH-27nov26-3000-C", "is not an expiry"),
        ("ETH-27NOV2026-3000-C", "is not an expiry"),
        ("ETH-31NOV26-3000-C", "not a day of the calendar"),
        ("ETH-29FEB27-3000-C", "not a day of the calendar"),
        ("ETH-27NOV26-0-C", "is outside"),
        ("ETH-27NOV26-184467440738-C", "is outside"),
        ("ETH-27NOV26-0d000000001-C", "more than 8 decimals"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, what: str) -> None:
    with pytest.raises(InstrumentError, match=what):
        parse_name(text)


def test_an_unknown_symbol_names_the_known_ones() -> None:
    with pytest.raises(InstrumentError, match="no market SOL here .there is: BTC, ETH"):
        parse_series("SOL-27NOV26-3000-C", {"ETH": 1, "BTC": 2})


@pytest.mark.parametrize("bad", [1 << 128, -1, 2 << 104 | 1 << 112 | 1 << 64 | 1, 1 << 112 | 1 << 64, 1 << 64 | 1])
def test_an_id_with_impossible_fields_is_refused(bad: int) -> None:
    with pytest.raises(InstrumentError):
        Series.from_id(bad)


def test_an_expiry_off_eight_oclock_has_no_name() -> None:
    assert format_expiry(parse_expiry("3NOV26")) == "3NOV26"
    with pytest.raises(InstrumentError, match="08:00"):
        format_expiry(parse_expiry("3NOV26") + 1)
