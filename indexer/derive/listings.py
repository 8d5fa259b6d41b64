"""Markets, feed versions, expiries, series and settlements."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive import rows
from indexer.derive.registry import on
from indexer.derive.state import State
from optionix.instruments import Series

DAY = 86_400
EXPIRY_TIME_OF_DAY = 8 * 3600
"""Seconds into a UTC day at which expiries lie (Markets.EXPIRY_TIME_OF_DAY)."""
_ZERO_ADDRESS = "0x" + "0" * 40


@on("Markets", "MarketAdded")
def market_added(state: State, event: Event) -> None:
    args = event.args
    market = args["market"]
    # A market that the deployment does not name is shown by its number.
    base, quote = state.setup.symbols.get(market, (f"M{market}", "QUOTE"))
    row = state.market.change(market)
    row.base_token, row.base_decimals = args["base"], args["baseDecimals"]
    row.quote_token, row.quote_decimals = args["quote"], args["quoteDecimals"]
    row.base_symbol, row.quote_symbol = base, quote
    state.topic(f"market:{market}")


@on("Markets", "FeedSet")
def feed_set(state: State, event: Event) -> None:
    args = event.args
    config = args["config"]
    sequencer = config["sequencerFeed"]
    state.feed_version.add(
        (args["market"], args["version"]),
        rows.FeedVersion(
            feed=config["feed"],
            decimals=config["decimals"],
            heartbeat=config["heartbeat"],
            max_age=config["maxAge"],
            deviation_bps=config["deviationBps"],
            min_price=config["minPrice"],
            max_price=config["maxPrice"],
            sequencer_feed=None if sequencer == _ZERO_ADDRESS else sequencer,
            sequencer_grace=config["sequencerGrace"],
        ),
    )
    # Emitted before or after MarketAdded alike: the row is made by whichever comes first.
    state.market.change(args["market"]).feed_version = args["version"]
    state.topic(f"market:{args['market']}")


@on("Markets", "ExpiryListed")
def expiry_listed(state: State, event: Event) -> None:
    args = event.args
    state.expiry.add(
        (args["market"], args["expiry"]),
        rows.Expiry(feed_version=args["feedVersion"], listed_block=event.block_number),
    )
    state.topic(f"market:{args['market']}")


@on("Markets", "SeriesListed")
def series_listed(state: State, event: Event) -> None:
    series = Series.from_id(event.args["series"])
    name = series.name(state.market.require(series.market).base_symbol)
    state.series.add(
        (series.id,),
        rows.Series(
            market=series.market,
            side=int(series.side),
            expiry=series.expiry,
            strike=series.strike,
            name=name,
            listed_block=event.block_number,
        ),
    )
    state.topic(f"market:{series.market}", f"series:{name}")


@on("Markets", "Checkpointed")
def checkpointed(state: State, event: Event) -> None:
    args = event.args
    day = -(-(event.timestamp - EXPIRY_TIME_OF_DAY) // DAY)
    row = state.feed_checkpoint.change(args["market"], args["feedVersion"], day)
    row.round_id, row.price, row.timestamp = args["roundId"], args["price"], event.timestamp


@on("VaultPricer", "OutageNoted")
def outage_noted(state: State, event: Event) -> None:
    args = event.args
    row = state.feed_outage.change(args["market"], args["expiry"])
    row.since, row.seen = args["since"], args["seen"]
    state.topic(f"market:{args['market']}")


@on("Markets", "SettlementContinued")
def settlement_continued(state: State, event: Event) -> None:
    args = event.args
    row = state.settlement_progress.change(args["market"], args["expiry"], args["lastRoundId"])
    row.next_round_id, row.seconds_left = args["nextRoundId"], args["secondsLeft"]
    row.weighted = args["weighted"]
    state.topic(f"market:{args['market']}")


@on("Markets", "Settled")
def settled(state: State, event: Event) -> None:
    args = event.args
    row = state.expiry.existing(args["market"], args["expiry"])
    row.settlement_price = args["price"]
    row.last_round_id = args["roundId"]
    row.settlement_rule = args["rule"]
    row.settler = args["settler"]
    row.settled_block = event.block_number
    row.settled_at = event.timestamp
    state.topic(f"market:{args['market']}", f"settlement:{args['market']}")
