"""Sign-in messages, read by one expression: beside the library made from the standard's grammar, and long ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from siwe import SiweMessage

from api.auth.errors import BadMessage
from api.auth.message import Place, read

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PLACE = Place("optionix.example", "https://optionix.example", 1)
ACCOUNT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
PLAIN = (
    f"optionix.example wants you to sign in with your Ethereum account:\n{ACCOUNT}\n\nTrade options.\n\n"
    "URI: https://optionix.example/trade\nVersion: 1\nChain ID: 1\nNonce: 0123456789abcdef\n"
    "Issued At: 2026-01-02T03:04:00Z"
)
GOOD = [
    PLAIN,
    PLAIN.replace("\nTrade options.\n", "\n"),
    PLAIN.replace("03:04:00Z", "03:04:00.123Z"),
    PLAIN.replace("03:04:00Z", "04:04:00+01:00"),
    PLAIN + "\nExpiration Time: 2026-01-03T00:00:00Z\nNot Before: 2026-01-01T00:00:00Z\nRequest ID: a-1",
    PLAIN + "\nResources:\n- https://optionix.example/a?b=c#d\n- ipfs://abc",
    "https://" + PLAIN,
]
BAD = [
    "",
    PLAIN + "\n",
    " " + PLAIN,
    PLAIN.replace("\n", "\r\n"),
    PLAIN.replace("\n\nURI", "\nURI"),
    PLAIN.replace("Trade options.", "Trade\noptions."),
    PLAIN.replace("Trade options.", "Trade \u202eoptions."),
    PLAIN.replace(ACCOUNT, ACCOUNT.lower()),
    PLAIN.replace(ACCOUNT, ACCOUNT[:-1]),
    PLAIN.replace("Version: 1", "Version: 2"),
    PLAIN.replace("Chain ID: 1", "Chain ID: 1a"),
    PLAIN.replace("Chain ID: 1", "Chain ID: \u0661"),
    PLAIN.replace("Nonce: 0123456789abcdef", "Nonce: 0123"),
    PLAIN.replace("Nonce: 0123456789abcdef", "Nonce: 01234567 9abcdef"),
    PLAIN.replace("URI: https", "URI:https"),
    PLAIN.replace("2026-01-02T", "2026-01-02 "),
    PLAIN.replace("2026-01-02T", "2026-13-02T"),
    PLAIN + "\nNot Before: 2026-01-01T00:00:00Z\nExpiration Time: 2026-01-03T00:00:00Z",
    PLAIN + "\nExpiration Time: tomorrow",
    PLAIN + "\nIssued At: 2026-01-02T03:04:00Z",
    PLAIN + "\nResources:\nhttps://optionix.example/a",
]


def library_reads(text: str) -> bool:
    try:
        return bool(SiweMessage.from_message(text).prepare_message() == text)
    except ValueError:
        return False


@pytest.mark.parametrize("text", GOOD)
def test_what_the_standard_allows_is_read(text: str) -> None:
    assert library_reads(text)
    assert read(text, PLACE, NOW).account == ACCOUNT.lower()


@pytest.mark.parametrize("text", BAD)
def test_what_it_does_not_is_refused(text: str) -> None:
    assert not library_reads(text)
    with pytest.raises(BadMessage):
        read(text, PLACE, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        "http://" + PLAIN,
        PLAIN.replace("https://optionix.example/trade", "https://optionix.example.evil/trade"),
        PLAIN.replace("Chain ID: 1", "Chain ID: 11"),
    ],
)
def test_another_place_is_refused(changed: str) -> None:
    assert library_reads(changed)
    with pytest.raises(BadMessage):
        read(changed, PLACE, NOW)


@pytest.mark.timeout(20)
def test_a_long_text_holds_nobody_up() -> None:
    """A parser that backtracks takes seconds for each of these, and whoever waits for the loop with it."""
    long = 2048
    hostile = ["0" * long, "a.b:" * (long // 4), "a://" * (long // 4), PLAIN + "\nResources:" + "\n- a:b" * 300 + "\n"]
    for text in hostile * 50:
        with pytest.raises(BadMessage):
            read(text, PLACE, NOW)
