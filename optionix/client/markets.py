"""Reading the markets: what is listed, what it is worth, what the vaults ask and bid."""

from __future__ import annotations

from dataclasses import dataclass

from optionix.chain.abi import decode_values, load_abi
from optionix.chain.errors import Reverted, RpcError
from optionix.chain.listing import feed_spot
from optionix.chain.rpc import Call
from optionix.chain.transactions import raise_revert
from optionix.client.connection import Connection
from optionix.client.values import Block, Number, contracts
from optionix.instruments import Series, Side


@dataclass(frozen=True)
class MarketState:
    """A market; spot in WAD, expiries still open ascending."""

    market: int
    symbol: str
    base: str
    quote: str
    spot_wad: int
    expiries: list[int]


@dataclass(frozen=True)
class Offer:
    """What the vault asks and bids for an amount of one series, token units; None where it refuses.

    Attributes
    ----------
    volatility : WAD, from whichever side is quoted.
    refusal : the name of the vault's error where it does not sell.
    """

    series: Series
    name: str
    ask: int | None
    bid: int | None
    mark: int | None
    volatility: int | None
    delta: int | None
    refusal: str


@dataclass(frozen=True)
class Chain:
    """All series of one expiry, calls and puts by ascending strike, as of one block."""

    symbol: str
    expiry: int
    block: Block
    offers: list[Offer]


class MarketData(Connection):
    """Listings and offers."""

    def markets(self) -> list[MarketState]:
        """Every market of the deployment."""
        now = self.head().timestamp
        return [
            MarketState(
                market=entry.market,
                symbol=entry.base,
                base=entry.base,
                quote=entry.quote,
                spot_wad=self.rpc.run(feed_spot, self.rpc.rpc, self.deployment, entry.market),
                expiries=[expiry for expiry in self.expiries(entry.base) if expiry > now],
            )
            for entry in self.deployment.markets
        ]

    def expiries(self, market: str) -> list[int]:
        """Every expiry ever listed in a market, ascending."""
        number = self.deployment.market(market).market
        topics: list[str | list[str] | None] = [self.topic("Markets", "ExpiryListed"), f"0x{number:064x}"]
        logs = self.logs(self.deployment.address("Markets"), topics)
        return sorted(int(log["topics"][2], 16) for log in logs)

    def listed_series(self, market: int) -> list[Series]:
        """Every series of a market ever listed, in the order of their ids."""
        logs = self.logs(self.deployment.address("Markets"), [self.topic("Markets", "SeriesListed")])
        found = (Series.from_id(int(log["topics"][1], 16)) for log in logs)
        return sorted(series for series in found if series.market == market)

    def listed(self, market: str, expiry: int) -> list[Series]:
        """The series of an expiry, calls before puts, by ascending strike."""
        number = self.deployment.market(market).market
        return [series for series in self.listed_series(number) if series.expiry == expiry]

    def option_chain(self, market: str, expiry: int, amount: Number = 1) -> Chain:
        """What the vaults ask and bid for `amount` contracts of each series of an expiry."""
        block, size, listed = self.head(), contracts(amount), self.listed(market, expiry)
        asks = self._quotes("quoteBuy", listed, size, block)
        bids = self._quotes("quoteSell", listed, size, block)
        offers = [self._offer(series, ask, bid) for series, ask, bid in zip(listed, asks, bids, strict=True)]
        return Chain(market.upper(), expiry, block, offers)

    def _quotes(self, function: str, listed: list[Series], size: int, block: Block) -> list[dict[str, int] | RpcError]:
        abi = load_abi("OptionVault")
        item = abi.function(function)
        vaults = {side: self.deployment.vault(listed[0].market, side).address for side in Side} if listed else {}
        calls: list[Call] = [
            (
                "eth_call",
                [{"to": vaults[series.side], "data": abi.encode(function, series.id, size)}, hex(block.number)],
            )
            for series in listed
        ]
        return [
            answer
            if isinstance(answer, RpcError)
            else decode_values(item.outputs, bytes.fromhex(answer[2:]), function)[0]
            for answer in self.rpc.try_batch(calls)
        ]

    def _offer(self, series: Series, ask: dict[str, int] | RpcError, bid: dict[str, int] | RpcError) -> Offer:
        shown = ask if not isinstance(ask, RpcError) else bid
        known = None if isinstance(shown, RpcError) else shown
        return Offer(
            series=series,
            name=self.name(series),
            ask=None if isinstance(ask, RpcError) else ask["total"],
            bid=None if isinstance(bid, RpcError) else bid["total"],
            mark=known["mark"] if known else None,
            volatility=known["volatility"] if known else None,
            delta=known["delta"] if known else None,
            refusal=refusal_of(ask) if isinstance(ask, RpcError) else "",
        )


def refusal_of(error: RpcError) -> str:
    """The name of the contract's error inside a node's answer."""
    try:
        raise_revert(error)
    except Reverted as revert:
        return revert.name
