"""The SDK on books: written, delivered, netted, settled and redeemed, to the last unit."""

import pytest

from optionix.chain.errors import Reverted
from optionix.client import BadAmount, Client, NoKey
from optionix.instruments import Side
from tests.support.chain import EXPIRY, LocalChain

CALL, HIGHER_CALL, PUT = "ETH-7MAR23-1500-C", "ETH-7MAR23-1600-C", "ETH-7MAR23-1500-P"
WAD = 10**18


def settled(market: LocalChain, price: int) -> Client:
    """Rounds at one price through the window, then the proof, sent by an account that holds nothing."""
    for minute in range(-50, 1, 10):
        market.at(EXPIRY + 60 * minute)
        market.post(price)
    market.at(EXPIRY + 61)
    settler = market.client(9)
    assert settler.settle("ETH", EXPIRY) is not None
    return settler


def test_a_covered_call_lives_from_deposit_to_redemption(market: LocalChain) -> None:
    writer, holder = market.client(5), market.client(6)
    writer.deposit("WETH", "3")
    writer.write(CALL, "2", holder.address)
    assert writer.free_balance("WETH") == WAD
    assert [(position.name, position.amount) for position in holder.positions()] == [(CALL, 2 * WAD)]
    (book,) = writer.books()
    assert (book.kind, book.locked, [(leg.name, leg.amount) for leg in book.legs]) == (
        "PLAIN",
        2 * WAD,
        [(CALL, -2 * WAD)],
    )

    settler = settled(market, 2000)
    assert settler.settle("ETH", EXPIRY) is None
    before = holder.wallet_balance("WETH")
    holder.redeem(CALL)
    # max(S - K, 0) / S = 500 / 2000 of a WETH a contract
    assert holder.wallet_balance("WETH") - before == WAD // 2
    settler.settle_leg(CALL, writer.address)
    assert writer.free_balance("WETH") == 3 * WAD - WAD // 2
    writer.withdraw("WETH", "2.5")
    assert writer.free_balance("WETH") == 0
    assert holder.positions() == []


def test_a_spread_costs_its_width_and_settles_as_a_book(market: LocalChain) -> None:
    trader, buyer, other = market.client(5), market.client(6), market.client(7)
    other.deposit("WETH", "1")
    other.write(HIGHER_CALL, "1", trader.address)
    trader.deposit("WETH", "1")
    trader.write(CALL, "1", buyer.address)
    assert trader.free_balance("WETH") == 0
    trader.net("ETH", Side.CALL, EXPIRY)
    trader.place(HIGHER_CALL, "1")
    # (K2 - K1) / K2 = 1/16 of a WETH
    assert trader.free_balance("WETH") == WAD - WAD // 16
    (book,) = trader.books()
    assert (book.kind, book.locked) == ("NETTED", WAD // 16)
    assert {leg.name: leg.amount for leg in book.legs} == {CALL: -WAD, HIGHER_CALL: WAD}

    settler = settled(market, 2000)
    settler.settle_book(book.key, trader.address)
    # owed 500/2000, placed worth 400/2000
    assert trader.free_balance("WETH") == WAD - WAD // 20
    assert trader.books()[0].kind == "SETTLED"


def test_redeeming_for_another_credits_the_holder(market: LocalChain) -> None:
    writer, holder = market.client(5), market.client(6)
    writer.deposit("USDC", "1500")
    writer.write(PUT, "1", holder.address)
    settler = settled(market, 1200)
    settler.redeem_for(holder.address, PUT)
    assert holder.free_balance("USDC") == 300 * 10**6
    assert settler.free_balance("USDC") == 0


def test_closing_burns_and_unlocks(market: LocalChain) -> None:
    writer = market.client(5)
    writer.deposit("USDC", "1500")
    writer.write(PUT, "1")
    writer.close_written(PUT, "0.4")
    assert writer.balance_of(PUT) == 6 * WAD // 10
    assert writer.free_balance("USDC") == 600 * 10**6


def test_refusals_come_with_the_contracts_own_words(market: LocalChain) -> None:
    writer = market.client(5)
    with pytest.raises(Reverted) as caught:
        writer.write(CALL, "1")
    assert caught.value.name == "InsufficientFreeBalance"
    assert caught.value.args_by_name["assets"] == WAD
    with pytest.raises(Reverted, match="UnlistedSeries"):
        writer.write("ETH-7MAR23-1550-C", "1")


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "1e-9", "x", 0.1])
def test_amounts_that_are_not_exact_are_refused_before_anything_is_sent(market: LocalChain, amount: object) -> None:
    with pytest.raises(BadAmount):
        market.client(5).write(CALL, amount)  # type: ignore[arg-type]


def test_a_client_without_a_key_reads_only(market: LocalChain) -> None:
    with Client("local", rpc_url=market.anvil.url, deployment=market.deployment) as reader:
        assert reader.free_balance("WETH", market.client(5).address) == 0
        with pytest.raises(NoKey):
            reader.deposit("WETH", "1")
