"""The tables after a whole life: nothing missing, and equal to what the contracts say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from indexer.derive.state import State
from indexer.setup import CORE, ChainSetup
from optionix.chain.abi import load_abi
from optionix.chain.transactions import local_account
from optionix.store import candles
from optionix.store.engine import make_engine
from optionix.store.models import Base, Candle, SpotCandle
from tests.indexer.life import CALL, World
from tests.indexer.running import CHAIN, assert_same_tables, audited, events, index, query
from tests.support.chain import EXPIRY, START

WAD = 10**18
EXCHANGE_TRADES = [True, True, False, True, True]
"""Two fills of an ask, one of a bid, one of an ask for puts, and a match, told from its buyer."""


@pytest.fixture
def url(lived_url: str) -> str:
    """A database that holds the lived chain."""
    return lived_url


def account(index: int) -> str:
    """A test account's address as the tables have it."""
    return str(local_account(index).address).lower()


async def test_every_log_is_mirrored_once_and_in_its_place(lived: World, url: str) -> None:
    addresses = [entry.address for entry in lived.deployment.contracts.values()]
    addresses += [entry.address for entry in (*lived.deployment.vaults, *lived.deployment.feeds)]
    logs = lived.rpc.call("eth_getLogs", {"fromBlock": "0x0", "address": addresses})
    wanted = {(int(log["blockNumber"], 16), int(log["logIndex"], 16), log["transactionHash"]) for log in logs}
    found = events(url)
    assert {(event.block_number, event.log_index, event.tx_hash) for event in found} == wanted
    assert len(found) == len(logs) > 150
    assert not [event for event in found if event.name == "unknown"]
    rows = query(url, "select * from event order by block_number, log_index")
    assert len(rows) == len(logs)
    ordered = sorted(logs, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))
    for row, log in zip(rows, ordered, strict=True):
        assert {name: row[name] for name in ("address", "topics", "data", "tx_hash", "block_hash")} == {
            "address": log["address"],
            "topics": log["topics"],
            "data": log["data"],
            "tx_hash": log["transactionHash"],
            "block_hash": log["blockHash"],
        }
        assert row["contract"]
        assert row["tx_index"] == int(log["transactionIndex"], 16)


async def test_the_life_emits_nearly_every_event(url: str) -> None:
    """What the derived tables are tested with; the events left out are listed with why."""
    seen = {event.kind for event in events(url)}
    known = {
        (name, item.name)
        for name in (*CORE, "OptionVault", "ReplayFeed")
        if name != "AccessManager"
        for item in load_abi(name).events.values()
    }
    missing = {name for _, name in known - seen}
    assert missing <= {
        "TransferBatch", "PhaseStarted", "OwnershipTransferred", "AuthorityUpdated",
        "Approval", "WritesPaused", "BountyCapSet", "TradesPaused", "DepositsPaused", "OperatorSet",
        "EIP712DomainChanged",
        # A window of more than 512 rounds: test_settlements.py.
        "SettlementContinued",
    }  # fmt: skip


async def test_no_value_differs_from_the_contracts(lived: World, url: str) -> None:
    result = await audited(lived, url)
    assert result.drift == 0, result.as_json()
    assert sum(result.checked.values()) > 140
    assert result.block.number == lived.head


async def test_a_final_block_below_the_head_is_compared_as_it_was(lived: World, url: str) -> None:
    result = await audited(lived, url, "finalized")
    assert result.block.number < lived.head - 20
    assert result.drift == 0, result.as_json()
    middle = (result.block.number + lived.head) // 2
    result = await audited(lived, url, middle)
    assert (result.block.number, result.drift) == (middle, 0)


async def test_series_count_what_was_written_held_and_placed(url: str) -> None:
    rows = {row["name"]: row for row in query(url, "select * from series")}
    assert len(rows) == 10
    call = rows[CALL]
    assert (call["market"], call["side"], call["expiry"], call["strike"]) == (1, 0, EXPIRY, 1600 * 10**8)
    # 2.5 bought and 0.75 sold back: volume counts both.
    assert call["volume"] == 325 * WAD // 100
    assert call["trades"] == 2
    assert all(row["written"] == row["placed"] == 0 for row in rows.values()), "every book was settled"


async def test_open_interest_while_open(chain: World, database_url: str) -> None:
    for act in (chain.fund, chain.trade, chain.write):
        act()
    await index(chain, database_url)
    rows = query(database_url, "select name, supply, placed, written from series")
    assert all(row["written"] == row["supply"] + row["placed"] for row in rows)
    assert any(row["placed"] for row in rows)


async def test_trades_candles_and_statistics_agree(url: str) -> None:
    trades = query(url, "select * from trade order by block_number, log_index")
    assert [trade["is_buy"] for trade in trades] == [True, True, True, False, True, *EXCHANGE_TRADES]
    for trade in trades:
        decimals = 18 if trade["side"] == 0 else 6
        assert trade["price"] == trade["premium"] * 10 ** (18 - decimals) * WAD // trade["amount"]
    for seconds in candles.KEPT:
        kept = query(url, "select * from candle where interval_seconds = %s", seconds)
        assert sum(candle["volume"] for candle in kept) == sum(trade["amount"] for trade in trades)
        assert sum(candle["trades"] for candle in kept) == len(trades)
    days = query(url, "select * from daily_stats")
    assert {(day["day"], day["market"], day["side"]) for day in days} == {(START, 1, 0), (START, 1, 1)}
    for day in days:
        inside = [trade for trade in trades if trade["side"] == day["side"]]
        assert day["premium"] == sum(trade["premium"] for trade in inside)
        assert day["fees"] == sum(trade["fee"] + trade["performance_fee"] for trade in inside)
        assert day["notional"] == sum(trade["amount"] * trade["spot"] // WAD for trade in inside)
    paid = query(url, "select * from daily_volume")
    assert {row["token"] for row in paid} == {trade["premium_token"] for trade in trades}
    for row in paid:
        inside = [trade for trade in trades if trade["premium_token"] == row["token"]]
        assert row["trades"] == len(inside)
        assert row["volume"] == sum(trade["amount"] for trade in inside)
        assert row["premium"] == sum(trade["paid_premium"] for trade in inside)
        assert row["fees"] == sum(trade["paid_fee"] + trade["performance_fee"] for trade in inside)
        assert row["caller_fees"] == sum(trade["caller_fee"] for trade in inside)


async def test_every_interval_is_what_its_trades_and_rounds_say(url: str) -> None:
    """Rolled up from minutes and hours, against the rows of each interval taken one by one."""
    order = "order by block_number, log_index"
    trades = query(url, f"select series_id as key, timestamp as at, price, amount from trade {order}")
    rounds = query(url, f"select market as key, updated_at as at, price from feed_round {order}")
    for table, key, points in ((Candle, Candle.series_id, trades), (SpotCandle, SpotCandle.market, rounds)):
        for which in {point["key"] for point in points}:
            for seconds in candles.INTERVALS.values():
                inside: dict[int, list[dict[str, Any]]] = {}
                for point in points:
                    if point["key"] == which:
                        inside.setdefault(point["at"] - point["at"] % seconds, []).append(point)
                wanted = []
                for start in sorted(inside, reverse=True)[:3]:
                    prices = [point["price"] for point in inside[start]]
                    row = [start, prices[0], max(prices), min(prices), prices[-1]]
                    if table is Candle:
                        row += [sum(point["amount"] for point in inside[start]), len(inside[start])]
                    wanted.append(tuple(row))
                select = candles.newest_candles(table, CHAIN, key == which, seconds, 3)
                with make_engine(url).connect() as connection:
                    assert [tuple(row) for row in connection.execute(select)] == wanted


async def test_a_share_price_is_what_the_vault_last_said(lived: World, url: str) -> None:
    rows = {row["symbol"]: row for row in query(url, "select * from vault")}
    for row in rows.values():
        history = query(url, "select * from vault_history where vault = %s order by block_number", row["address"])
        assert history[-1]["share_price"] == row["share_price"]
        assert (row["share_price"] is None) == (row["market"] != 1)
    # Of the calls' vault a redemption was processed last: what is left is worth the same a share.
    calls = rows["oxETH-C"]
    at = {"to": calls["address"], "data": load_abi("OptionVault").encode("convertToAssets", WAD)}
    answer = load_abi("OptionVault").decode(
        "convertToAssets", lived.rpc.call("eth_call", at, hex(calls["share_price_block"]))
    )
    assert abs(answer - calls["share_price"]) <= 2
    # Of the puts' vault a trade was last: what it was re-based to.
    puts = rows["oxETH-P"]
    base = [event for event in events(url) if (event.address, event.name) == (puts["address"], "Rebased")][-1]
    (before,) = query(
        url,
        "select total_supply from vault_history where vault = %s and block_number < %s"
        " order by block_number desc limit 1",
        puts["address"],
        base.block_number,
    )
    assert puts["share_price_block"] == base.block_number
    virtual = 1000 * 10**12
    net_assets = (base.args["netAssets"] + 1000) * 10**12
    assert puts["share_price"] == net_assets * WAD // int(before["total_supply"] + virtual)


async def test_fills_add_up_to_what_each_order_has(url: str) -> None:
    fills = query(url, "select * from order_fill order by block_number, log_index")
    assert len(fills) == 6, "four fills, and a match, which fills two"
    for row in query(url, "select * from order_state where filled > 0"):
        inside = [fill for fill in fills if (fill["maker"], fill["nonce"]) == (row["maker"], row["nonce"])]
        assert sum(fill["amount"] for fill in inside) == inside[-1]["filled"] == row["filled"]
        assert {fill["order_hash"] for fill in inside} == {row["order_hash"]}


async def test_signed_orders_are_on_the_tape_as_they_were_paid(lived: World, url: str) -> None:
    exchange = lived.deployment.address("Exchange").lower()
    trades = query(url, "select * from trade where venue = %s order by block_number, log_index", exchange)
    first, _, bid, put, match = trades
    maker, taker = account(5), account(9)
    assert [(row["taker"], row["maker"], row["is_match"]) for row in trades] == [
        *[(taker, maker, False)] * 4, (taker, maker, True),
    ]  # fmt: skip
    weth, usdc = (lived.deployment.token(symbol).address.lower() for symbol in ("WETH", "USDC"))
    assert [row["premium_token"] for row in trades] == [weth, weth, usdc, weth, weth]
    # In the settlement asset: as paid, without a conversion.
    assert (first["premium"], first["fee"]) == (first["paid_premium"], first["paid_fee"])
    assert first["premium"] == 75 * 2 * WAD // 10_000
    # A call paid in USDC and a put paid in WETH are worth what spot says.
    assert bid["premium"] == bid["paid_premium"] * 10**12 * WAD // bid["spot"]
    assert put["premium"] == put["paid_premium"] * put["spot"] // WAD // 10**12 == 45 * 1571 * 10**6 // 1000
    assert match["caller_fee"] == match["paid_fee"] // 5 > 0
    assert all(row["volatility"] is None for row in trades)


async def test_orders_keep_what_was_filled_and_cancelled(lived: World, url: str) -> None:
    rows = {(row["maker"], row["nonce"]): row for row in query(url, "select * from order_state")}
    maker, taker = account(5), account(9)
    found = {key: (row["filled"], row["cancelled"]) for key, row in rows.items()}
    assert found == {
        (maker, 1): (125 * WAD // 100, False),
        (maker, 2): (WAD // 4, False),
        (maker, 3): (WAD // 2, False),
        (maker, 40): (3 * WAD // 10, True),
        (taker, 2**64 - 1): (3 * WAD // 10, False),
        (taker, 41): (0, True),
    }
    assert [key for key, row in rows.items() if row["order_hash"] is None] == [(taker, 41)]
    assert query(url, "select maker, floor from nonce_floor") == [{"maker": maker, "floor": 4}]
    (fees,) = query(url, "select * from exchange")
    assert (fees["of_notional"], fees["of_premium"], fees["of_caller"]) == (3 * 10**14, 125 * 10**15, 2 * 10**17)
    kinds = query(url, "select kind from account_activity where kind in ('match', 'cancel_order', 'cancel_orders')")
    assert sorted(row["kind"] for row in kinds) == ["cancel_order", "cancel_order", "cancel_orders", "match"]


async def test_an_outage_is_kept_until_it_is_over(chain: World, database_url: str) -> None:
    feed = chain.deployment.feed(1).address
    code = chain.rpc.call("eth_getCode", feed, "latest")
    for state, readable in (("0x", False), (code, True)):
        chain.rpc.call("anvil_setCode", feed, state)
        chain.client(9).transact("VaultPricer", "noteOutage", 1, EXPIRY)
        noted = chain.now
        chain.rpc.call("anvil_setCode", feed, code)
        await index(chain, database_url)
        (row,) = query(database_url, "select market, expiry, since, seen from feed_outage")
        times = (0, 0) if readable else (noted, noted)
        assert tuple(row.values()) == (1, EXPIRY, *times)
        assert (await audited(chain, database_url)).drift == 0


async def test_spot_candles_follow_the_rounds(url: str) -> None:
    rounds = query(url, "select * from feed_round where market = 1 order by block_number, log_index")
    (spot,) = query(url, "select * from spot where market = 1")
    assert (spot["price"], spot["round_id"]) == (rounds[-1]["price"], rounds[-1]["round_id"])
    assert spot["price"] == 1610 * WAD
    for candle in query(url, "select * from spot_candle where market = 1 and interval_seconds = 86400"):
        prices = [row["price"] for row in rounds if row["updated_at"] // 86400 * 86400 == candle["start"]]
        found = (candle["open"], candle["high"], candle["low"], candle["close"])
        assert found == (prices[0], max(prices), min(prices), prices[-1])


async def test_requests_tell_their_whole_life(url: str) -> None:
    rows = {(row["kind"], row["status"], row["controller"]) for row in query(url, "select * from lp_request")}
    assert rows == {
        ("deposit", "processed", account(5)),
        ("deposit", "cancelled", account(6)),
        ("deposit", "processed", account(6)),
        ("deposit", "processed", account(9)),
        ("redeem", "cancelled", account(5)),
        ("redeem", "processed", account(5)),
    }
    (claim,) = query(url, "select * from vault_claim where controller = %s and redeem_total > 0", account(5))
    assert claim["redeem_assets"] > 0 and 0 < claim["redeem_shares"] < claim["redeem_total"]
    first, second = query(url, "select * from lp_request where kind = 'redeem' and processed > 0 order by request_id")
    assert (first["start"], second["start"]) == (0, first["processed"])
    assert first["received"] + second["received"] > claim["redeem_assets"]
    assert first["ready_at"] > first["requested_at"]


async def test_settlement_and_surface_are_kept(url: str) -> None:
    (expiry,) = query(url, "select * from expiry")
    assert 1580 * WAD < expiry["settlement_price"] < 1610 * WAD
    assert expiry["settler"] == account(9)
    (surface,) = query(url, "select * from surface")
    history = query(url, "select * from surface_history order by block_number")
    assert (surface["theta"], surface["previous_theta"]) == (history[-1]["theta"], history[-2]["theta"])
    assert [row["clipped"] for row in history] == [False, True, False]
    assert surface["halted_until"] == 0


async def test_a_book_that_is_owed_something_is_paid_it(url: str) -> None:
    """Account 7 had placed a put that ended in the money: its book owes a negative amount."""
    settled = [event.args for event in events(url) if event.name == "BookSettled"]
    (args,) = [args for args in settled if args["account"] == account(7)]
    assert args["owed"] < 0
    (balance,) = query(url, "select free from balance where account = %s and free > 0", account(7))
    assert balance["free"] == args["released"] - args["owed"]


async def test_an_accounts_history_is_in_order_and_complete(url: str) -> None:
    kinds = [
        row["kind"]
        for row in query(
            url, "select kind from account_activity where account = %s order by block_number, log_index", account(8)
        )
    ]
    assert kinds == [
        "deposit", "buy", "buy", "transfer_in", "deposit", "deposit", "write", "write", "close", "write", "pay_out",
        "withdraw", "redeem", "settle", "settle", "settle",
    ]  # fmt: skip


async def test_arguments_keep_every_digit(url: str) -> None:
    """Text in the JSON of the vaults: a number would be rounded by half of its readers."""
    newest = {event.address: event.args["params"] for event in events(url) if event.name == "ParamsSet"}
    vaults = {row["address"]: row["params"] for row in query(url, "select address, params from vault")}
    assert {
        address: {name: str(value) for name, value in params.items()} for address, params in newest.items()
    } == vaults
    bought = [event.args for event in events(url) if event.name == "Bought"]
    assert bought
    assert all(args["shortVegaWad"] > 2**53 for args in bought)


async def test_indexing_twice_gives_the_same_rows(lived: World, url: str, make_database: Callable[[], str]) -> None:
    other = make_database()
    await index(lived, other)
    assert_same_tables(url, other)


def test_rows_have_the_columns_of_their_tables() -> None:
    state = State(ChainSetup("local", CHAIN, "0x", 1, {}), loader=None)  # type: ignore[arg-type]
    for table in state.tables:
        assert set(table.spec.columns) == {column.name for column in Base.metadata.tables[table.spec.name].columns}
