"""Metadata of option tokens as wallets get it: JSON and SVG, parsed strictly, on a real deployment."""

import random
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal, localcontext

import pytest

from optionix.chain.errors import RpcError
from optionix.instruments import DAY, Series, Side
from tests.protocol.cards import EXPIRY, CardMarket, abi_text, burning_code, card_market, token_code

STRIKE = 3000 * 10**8
LARGEST = 6_000
"""Most characters of a card's URI."""
HOSTILE = {
    "markup": abi_text(b"</text><script>alert(1)</script>"),
    "attribute": abi_text(b"' onload='alert(1)"),
    "json": abi_text(b'","image":"https://x'),
    "backslash": abi_text(b"\\u003cscript\\u003e"),
    "entity": abi_text(b"&lt;b&#x3e;"),
    "cdata": abi_text(b"]]><!DOCTYPE"),
    "control": abi_text(bytes(range(32))),
    "surrogate": abi_text(b"A\xed\xa0\x80\xed\xb0\x80"),
    "overlong": abi_text(b"\xc0\xbcscript\xc0\xbe"),
    "cut off": abi_text(b"ABCDEFGHIJKLM\xe2\x82"),
    "right to left": abi_text("USD\u202e\u2066C".encode()),
    "long": abi_text(b"<" * 10_240),
    "long letters": abi_text(b"W" * 10_240),
    "bytes32": b"'\"<>&".ljust(32, b"\0"),
    "empty": abi_text(b""),
    "nothing": b"",
    "short": b"\x01",
    "offset beyond": (2**256 - 1).to_bytes(32, "big") * 2,
    "length beyond": (32).to_bytes(32, "big") + (2**256 - 1).to_bytes(32, "big") + b"USDC",
}


@pytest.fixture(scope="module")
def deployed() -> Iterator[CardMarket]:
    with card_market() as market:
        yield market


@pytest.fixture
def market(deployed: CardMarket) -> Iterator[CardMarket]:
    """The deployment as made, for each test."""
    with deployed.undone():
        yield deployed


def exact(value: Decimal, decimals: int) -> str:
    """Rounded down to a token's unit, without trailing zeros."""
    text = f"{value.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_an_option_that_was_never_listed_has_no_card(market: CardMarket) -> None:
    with pytest.raises(RpcError, match="revert"):
        market.card(Series(1, Side.CALL, EXPIRY, STRIKE))


@pytest.mark.parametrize("side", Side)
def test_a_card_lives_with_its_series(market: CardMarket, side: Side) -> None:
    series = Series(1, side, EXPIRY, STRIKE)
    market.list([series])
    card = market.card(series)
    asset = "WETH" if side is Side.CALL else "USDC"
    assert card.metadata["name"] == series.name("ETH")
    assert card.metadata["decimals"] == 18
    assert market.deployment.token(asset).address in card.metadata["description"]
    expected = {
        "Market": "ETH/USDC",
        "Side": side.name.capitalize(),
        "Strike": "3000 USDC",
        "Expiry": EXPIRY,
        "Settlement asset": asset,
        "Status": "Open",
    }
    assert card.traits == expected
    assert [entry.get("display_type") for entry in card.metadata["attributes"]].count("date") == 1
    assert {"3,000", side.name, "Open", asset} <= set(card.texts)
    market.go_to(EXPIRY)
    assert market.card(series).traits == expected | {"Status": "Expired"}


@pytest.mark.parametrize("price", [Decimal("3411.55"), Decimal("2999.99999999"), Decimal(3000), Decimal("45000.1")])
def test_a_settled_card_says_what_it_pays(market: CardMarket, price: Decimal) -> None:
    call, put = Series(1, Side.CALL, EXPIRY, STRIKE), Series(1, Side.PUT, EXPIRY, STRIKE)
    market.list([call, put])
    market.settle(1, EXPIRY, int(price * 10**8))
    with localcontext(prec=60):
        worth = {
            call: f"{exact(max(price - 3000, Decimal(0)) / price, 18)} WETH",
            put: f"{exact(max(3000 - price, Decimal(0)), 6)} USDC",
        }
    for series, value in worth.items():
        card = market.card(series)
        assert card.traits["Status"] == "Settled"
        assert card.traits["Settlement price"] == f"{exact(price, 18)} USDC"
        assert card.traits["Settled value per contract"] == value
        (dot,) = card.root.iter("{http://www.w3.org/2000/svg}circle")
        x, y = int(dot.attrib["cx"]), int(dot.attrib["cy"])
        assert 14 <= x <= 498
        assert (x > 256) == (price > 3000 and x != 256)
        assert (y < 390) == (not value.startswith("0 ") and abs(x - 256) > 1)


def test_names_are_those_of_the_python_side(market: CardMarket) -> None:
    random_series = random.Random(3000)
    chosen = {
        Series(
            random_series.randint(1, 2),
            random_series.choice(list(Side)),
            EXPIRY + DAY * random_series.choice((0, 5, 40, 300, 2000, 25_000)),
            int(10 ** random_series.uniform(0, 19.26)) // 10 ** random_series.choice((0, 4, 8)) or 1,
        )
        for _ in range(400)
    }
    series = sorted(chosen)
    for start in range(0, len(series), 100):
        market.list(series[start : start + 100])
    symbols = {1: "ETH", 2: "BTC"}
    assert market.names(series) == [entry.name(symbols[entry.market]) for entry in series]
    for entry, card in zip(series[::8], market.cards(series[::8]), strict=True):
        name = entry.name(symbols[entry.market])
        assert card.metadata["name"] == name
        assert card.root.findtext("{http://www.w3.org/2000/svg}title") == name
        assert card.traits["Strike"] == f"{exact(entry.strike_decimal, 8)} USDC"
        assert f"{entry.strike_decimal.normalize():,f}" in card.texts
        assert len(card.uri) < LARGEST


def test_no_symbol_reaches_out_of_its_place(market: CardMarket) -> None:
    noise = random.Random(1155)
    answers = HOSTILE | {f"noise {n}": abi_text(noise.randbytes(noise.randint(1, 40))) for n in range(40)}
    codes = {name: token_code(answer) for name, answer in answers.items()}
    codes["reverts"] = token_code(abi_text(b"WETH"), reverts=True)
    codes["burns its gas"] = burning_code()
    for name, code in codes.items():
        number = market.add_market(code, code)
        series = [Series(number, side, EXPIRY, 123_450_000) for side in Side]
        market.list(series)
        for card in market.cards(series):
            assert len(card.uri) < LARGEST, name
            symbol = card.metadata["name"].removesuffix("-C").removesuffix("-P").rsplit("-", 2)[0]
            assert 0 < len(symbol) <= 16, name
            assert set(symbol) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._+$?"), name
            assert "-" not in symbol, name
            assert sorted(card.metadata) == ["attributes", "decimals", "description", "image", "name"], name


def test_symbols_of_good_tokens_are_shown(market: CardMarket) -> None:
    for base, quote, pair in (("wstETH", "USDC.e", "wstETH/USDC.e"), ("WBTC", "USD₮0", "BTC/USD₮0")):
        number = market.add_market(token_code(abi_text(base.encode())), token_code(abi_text(quote.encode())))
        series = Series(number, Side.PUT, EXPIRY, STRIKE)
        market.list([series])
        assert market.card(series).traits["Market"] == pair
