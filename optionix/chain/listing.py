"""Listing on chain: what `optionix.listing` wants, less what `Markets` has."""

from __future__ import annotations

from dataclasses import dataclass

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import ChainError, Reverted
from optionix.chain.networks import network as network_by_name
from optionix.chain.rpc import Call, Rpc
from optionix.chain.transactions import Sender, call_contract
from optionix.instruments import Series, Side
from optionix.listing import YEAR_SECONDS, expiries_to_list, price_to_wad, strikes_to_list

SERIES_PER_TRANSACTION = 96
"""Listing costs some 30,000 gas a series: this many stay far below a block."""


class NoSpot(ChainError):
    """A market's feed has no answer yet."""


@dataclass(frozen=True)
class Listing:
    """What a market lacks.

    Attributes
    ----------
    expiries : to list first, ascending.
    series : to list then, in the order of their ids.
    """

    market: int
    expiries: list[int]
    series: list[Series]


async def feed_spot(rpc: Rpc, deployment: Deployment, market: int) -> int:
    """The feed's newest answer as WAD, without the age checks of a listed expiry.

    Raises
    ------
    NoSpot
        When the feed has no round.
    """
    abi, feed = load_abi("ReplayFeed"), deployment.feed(market)
    try:
        answer = (await call_contract(rpc, abi, feed.address, "latestRoundData"))[1]
    except Reverted as error:
        raise NoSpot(
            f"the feed of {feed.symbol} at {feed.address} has no answer yet.",
            "Start the replay or give a first price with --spot.",
        ) from error
    return price_to_wad(answer, await call_contract(rpc, abi, feed.address, "decimals"))


async def plan(rpc: Rpc, deployment: Deployment, market: int, *, now: int, spot_wad: int, volatility: float) -> Listing:
    """What should be listed in a market at `now` and is not.

    Strikes of an expiry that holds some already are added where the range has moved; `strikes_to_list` never gives more
    than fit, and what does not fit any more beside the old ones is left out.
    """
    abi, markets = load_abi("Markets"), deployment.address("Markets")
    feed = network_by_name(deployment.network).markets[market - 1].feed
    wanted = expiries_to_list(now, feed_max_age=feed.max_age)
    listed = await _flags(rpc, [_call(markets, abi.encode("isExpiryListed", market, expiry)) for expiry in wanted])
    series = [
        Series(market, side, expiry, strike)
        for side in Side
        for expiry in wanted
        for strike in strikes_to_list(spot_wad, volatility, (expiry - now) / YEAR_SECONDS)
    ]
    present = await _flags(rpc, [_call(markets, abi.encode("isListed", entry.id)) for entry in series])
    return Listing(
        market,
        [expiry for expiry, there in zip(wanted, listed, strict=True) if not there],
        [entry for entry, there in zip(series, present, strict=True) if not there],
    )


async def list_all(sender: Sender, deployment: Deployment, listing: Listing) -> int:
    """Send what a plan says; the number of transactions. The sender needs the LISTER role."""
    abi, markets = load_abi("Markets"), deployment.address("Markets")
    for expiry in listing.expiries:
        await sender.transact(abi, markets, "listExpiry", listing.market, expiry)
    ids = [entry.id for entry in listing.series]
    parts = [ids[start : start + SERIES_PER_TRANSACTION] for start in range(0, len(ids), SERIES_PER_TRANSACTION)]
    for part in parts:
        await sender.transact(abi, markets, "listSeries", part)
    return len(listing.expiries) + len(parts)


def _call(to: str, data: str) -> Call:
    return "eth_call", [{"to": to, "data": data}, "latest"]


async def _flags(rpc: Rpc, calls: list[Call]) -> list[bool]:
    return [int(answer, 16) != 0 for answer in await rpc.batch(calls)]
