"""Parts of the state that never touch one another's rows, so that each can be derived by a process of its own.

Whatever has a value is counted in one settlement token: a series, a book, a vault, a balance. So the tokens are shared
out, and with a token go all rows that are counted in it. What has no token (rights, orders, settings) is kept by one
part. Prices, markets and expiries are read by all: each part derives them, one writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.decode.generate import Decoder
from indexer.decode.interpret import WORD
from indexer.setup import EXCHANGE, FEED, VAULT, ChainSetup
from optionix.instruments import STRIKE_BITS

if TYPE_CHECKING:
    from indexer.derive.state import State

Kind = tuple[str, str]
_HOUSE, _TOKEN, _MARKETS = "Clearinghouse", "OptionToken", "Markets"
_BY_SERIES: dict[Kind, str] = {
    **{(_HOUSE, name): "series" for name in ("Written", "Closed", "Placed", "TakenBack", "Redeemed")},
    (_TOKEN, "TransferSingle"): "id",
    (_MARKETS, "SeriesListed"): "series",
}
_BY_KEY: dict[Kind, str] = {
    (_HOUSE, name): "key" for name in ("BookNetted", "BookSettled", "FeeAccrued", "FeesCollected", "BountyPaid")
}
_BY_TOKEN: dict[Kind, str] = {(_HOUSE, name): "token" for name in ("Deposited", "Withdrawn", "Paid", "BountyCapSet")}
"""Which argument of an event says what it is about."""
_SHARED_CONTRACTS = (_MARKETS, FEED)
_OF_SEVERAL = ((EXCHANGE, "Traded"), (_TOKEN, "TransferBatch"))
"""Events that may be about several tokens: their handlers ask which of them are the part's."""
_SHARED_TABLES = frozenset(
    {"market", "feed_version", "expiry", "feed_checkpoint", "settlement_progress", "spot", "spot_candle", "feed_round"}
)
"""What the events of the shared contracts change."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the state.

    Attributes
    ----------
    tokens : settlement tokens, lower case.
    others : whether it has all tokens but these, rather than these.
    first : whether it has what belongs to no token, and writes what all parts derive.
    """

    tokens: frozenset[str] = frozenset()
    others: bool = True
    first: bool = True

    def has(self, token: str) -> bool:
        """Whether what is counted in a token belongs to this part."""
        return (token in self.tokens) is not self.others

    def writes(self, table: str) -> bool:
        """Whether this part's rows of a table are to be written."""
        return self.first or table not in _SHARED_TABLES


WHOLE = Part()


def parts_of(setup: ChainSetup) -> tuple[Part, Part]:
    """Two parts, of about the same size where calls are traded as much as puts: the quote tokens, and the others."""
    symbols = {quote for _, quote in setup.symbols.values()}
    quotes = frozenset(token.address for token in setup.tokens if token.symbol in symbols)
    return Part(quotes, others=False, first=True), Part(quotes, others=True, first=False)


class Route:
    """Tells of a log, before it is decoded, whether it is of a part."""

    def __init__(self, state: State) -> None:
        self._state, self._part = state, state.part
        self._vaults = {vault.address: self._part.has(vault.asset) for vault in state.setup.vaults}
        self._rules: dict[Kind, tuple[int, dict[str, bool], Callable[[str], bool]] | bool] = {}

    def wants(self, decoder: Decoder, address: str, text: str, start: int) -> bool:
        """Whether the log of this decoder, whose words begin at `start`, is of the part."""
        rule = self._rules.get(decoder.kind)
        if rule is None:
            rule = self._rules[decoder.kind] = self._rule(decoder)
        if isinstance(rule, bool):
            return self._vaults[address] if decoder.kind[0] == VAULT else rule
        place, known, has = rule
        word = text[start + place : start + place + WORD]
        found = known.get(word)
        if found is None:
            found = known[word] = has(word)
        return found

    def _rule(self, decoder: Decoder) -> tuple[int, dict[str, bool], Callable[[str], bool]] | bool:
        kind = decoder.kind
        for arguments, has in (
            (_BY_SERIES, lambda word: self._has_book(int(word, 16) >> STRIKE_BITS)),
            (_BY_KEY, lambda word: self._has_book(int(word, 16))),
            (_BY_TOKEN, lambda word: self._part.has("0x" + word[-40:])),
        ):
            if kind in arguments:
                return decoder.places[arguments[kind]], {}, has
        return self._part.first or kind[0] in _SHARED_CONTRACTS or kind in _OF_SEVERAL

    def _has_book(self, key: int) -> bool:
        return self._part.has(self._state.asset_of_key(key))
