"""The SDK with signed orders: hashes and signatures as the contract has them, fills, matches, refusals, cancels."""

from dataclasses import replace

import pytest

from optionix.chain.errors import Reverted
from optionix.client import Client
from optionix.orders import LimitKind, Order
from tests.support.chain import EXPIRY, LocalChain

CALL, PUT = "ETH-7MAR23-1600-C", "ETH-7MAR23-1600-P"
WAD = 10**18


@pytest.fixture
def seller(market: LocalChain) -> Client:
    """Writes calls against ten WETH and puts against 50,000 USDC."""
    client = market.client(6)
    client.deposit("WETH", "10")
    client.deposit("USDC", "50000")
    client.ready_to_trade(selling=True)
    return client


@pytest.fixture
def buyer(market: LocalChain) -> Client:
    client = market.client(7)
    client.deposit("WETH", "5")
    client.deposit("USDC", "50000")
    client.ready_to_trade(selling=True)
    return client


def ask(client: Client, amount: str = "2", price: str = "0.03", **more: object) -> tuple[Order, bytes]:
    """A signed order to write calls."""
    order = client.premium_order(CALL, amount, price, is_buy=False, use_book=True, **more)
    return order, client.sign(order)


def test_the_hash_is_the_contracts_own(market: LocalChain) -> None:
    """Every field at a value of its own: one that is swapped or left out gives another hash."""
    client = market.client(6)
    order = Order(
        maker=client.address, taker=market.client(7).address, series=client.series(CALL).id, is_buy=True, use_book=True,
        kind=LimitKind.VOLATILITY, premium_token=market.deployment.token("USDC").address, amount=2**127 - 3,
        limit=2**128 - 5, deadline=2**40 - 7, nonce=2**64 - 9, min_premium=11, max_premium=13, min_spot=17, max_spot=19,
        max_feed_age=2**32 - 23, stored_carry=True, min_carry=-(2**39), max_carry=2**39 - 29, spot_edge=31,
    )  # fmt: skip
    for each in (order, replace(order, is_buy=False, use_book=False, kind=LimitKind.PREMIUM, stored_carry=False)):
        assert client.order_hash(each) == client.read("Exchange", "hashOrder", each.struct())


def test_who_signed(market: LocalChain, seller: Client) -> None:
    order, signature = ask(seller)
    assert seller.is_signed(order, signature)
    assert not seller.is_signed(replace(order, nonce=order.nonce + 1), signature)
    assert not seller.is_signed(order, market.client(7).sign(order))
    assert not seller.is_signed(order, signature[:64])
    assert not seller.is_signed(order, signature[:64] + b"\x00")
    order_of_the_curve = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order_of_the_curve - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    assert not seller.is_signed(order, signature[:32] + high + bytes([55 - signature[64]]))


def test_an_account_with_code_signs_by_its_own_rule(market: LocalChain, seller: Client) -> None:
    """The SDK and the contract agree, for a digest that the account stands for and for another."""
    account = "0x00000000000000000000000000000000000A11ce"
    order, _ = ask(seller, maker=account)
    # isValidSignature: the magic value times whether the digest is this one.
    code = "7f" + seller.order_hash(order).hex() + "6004351463" + "1626ba7e" + "60e01b025f5260205ff3"
    market.rpc.call("anvil_setCode", account, "0x" + code)
    other = replace(order, nonce=order.nonce + 1)
    assert seller.is_signed(order, b"anything")
    assert not seller.is_signed(other, b"anything")
    taker = market.client(7)
    refused = taker.quote_fill(other, b"anything").refusal
    assert refused is not None and refused.name == "BadSignature"
    refused = taker.quote_fill(order, b"anything").refusal
    assert refused is not None and refused.name != "BadSignature", "it has no collateral, but it signed"


def test_a_fill_moves_exactly_what_was_quoted(market: LocalChain, seller: Client, buyer: Client) -> None:
    order, signature = ask(seller)
    quote = buyer.quote_fill(order, signature, "0.5")
    assert quote.refusal is None
    assert (quote.price, quote.amount, quote.premium) == (3 * WAD // 100, WAD // 2, 15 * WAD // 1000)
    assert quote.collateral == WAD // 2
    before = {client: client.free_balance("WETH") for client in (seller, buyer)}
    filled = buyer.fill(order, signature, "0.5")
    assert (filled.amount, filled.premium, filled.fee) == (quote.amount, quote.premium, quote.fee)
    # min(3 bps of a base each, an eighth of the premium)
    assert filled.fee == 15 * WAD // 100_000
    assert before[buyer] - buyer.free_balance("WETH") == filled.premium + filled.fee
    assert seller.free_balance("WETH") - before[seller] == filled.premium - WAD // 2
    assert buyer.balance_of(CALL) == WAD // 2
    assert buyer.remaining(order) == 15 * WAD // 10
    assert buyer.fill(order, signature).amount == 15 * WAD // 10, "less is left than was ordered"
    assert buyer.remaining(order) == 0


def test_a_bid_is_sold_into_from_what_is_held(seller: Client, buyer: Client) -> None:
    buyer.fill(*ask(seller), "1")
    bid = seller.premium_order(CALL, "1", "0.02", is_buy=True, use_book=True)
    signature = seller.sign(bid)
    before = buyer.free_balance("WETH")
    sold = buyer.fill(bid, signature, "0.4")
    assert buyer.free_balance("WETH") - before == sold.premium - sold.fee
    assert buyer.balance_of(CALL) == 6 * WAD // 10
    # The maker bought back what it had written.
    assert seller.balance_of(CALL) == 0
    assert seller.read("Clearinghouse", "leg", seller.address, seller.series(CALL).id) == -6 * WAD // 10


def test_a_volatility_order_is_priced_by_spot(market: LocalChain, seller: Client, buyer: Client) -> None:
    order = seller.volatility_order(
        CALL, "1", "0.62", is_buy=False, use_book=True, min_spot="1400", max_spot="1700", max_feed_age=3 * 3600
    )
    signature = seller.sign(order)
    cheap = buyer.quote_fill(order, signature, "1").premium
    market.post(1560)
    dear = buyer.quote_fill(order, signature, "1").premium
    assert 0 < cheap < dear
    assert buyer.fill(order, signature).premium == pytest.approx(dear, rel=1e-3)
    market.post(1750)
    refused = buyer.quote_fill(replace(order, nonce=order.nonce + 1), signature).refusal
    assert refused is not None


def test_refusals_come_in_the_contracts_words(market: LocalChain, seller: Client, buyer: Client) -> None:
    order, signature = ask(seller)
    with pytest.raises(Reverted, match="CostAboveLimit"):
        buyer.fill(order, signature, "1", limit=1)
    with pytest.raises(Reverted, match="BadSignature"):
        buyer.fill(replace(order, limit=1), signature, "1")
    with pytest.raises(Reverted, match="SelfTrade"):
        seller.fill(order, signature, "1")
    private, private_signature = ask(seller, taker=market.client(8).address)
    with pytest.raises(Reverted, match="NotTaker"):
        buyer.fill(private, private_signature)
    large, large_signature = ask(seller, "500")
    with pytest.raises(Reverted):
        buyer.fill(large, large_signature)
    market.at(EXPIRY)
    with pytest.raises(Reverted, match="DeadlinePassed|SeriesExpired"):
        buyer.fill(order, signature)


def test_cancelled_orders_do_not_fill(seller: Client, buyer: Client) -> None:
    first, second = ask(seller, nonce=5), ask(seller, nonce=9)
    seller.cancel_order(5)
    with pytest.raises(Reverted, match="NonceCancelled"):
        buyer.fill(*first)
    assert buyer.fill(*second, "0.1").amount == WAD // 10
    seller.cancel_orders_below(10)
    assert seller.remaining(second[0]) == 0
    with pytest.raises(Reverted, match="NonceBelowFloor"):
        buyer.fill(*second)
    assert seller.premium_order(CALL, "1", "1", is_buy=True).nonce >= 10


def test_a_match_pays_the_midpoint_and_the_caller(market: LocalChain, seller: Client, buyer: Client) -> None:
    sell, sell_signature = ask(seller, "1", "0.03")
    buy = buyer.premium_order(CALL, "1", "0.04", is_buy=True)
    caller = market.client(9)
    matched = caller.match(buy, buyer.sign(buy), sell, sell_signature)
    assert matched.amount == WAD
    assert 2 * matched.premium + matched.fee == 7 * WAD // 100
    assert matched.caller_fee == matched.fee // 5
    assert caller.free_balance("WETH") == matched.caller_fee
    assert buyer.balance_of(CALL) == WAD


def test_puts_are_paid_in_either_token(seller: Client, buyer: Client) -> None:
    order = seller.premium_order(PUT, "1", "0.05", is_buy=False, use_book=True, premium_token="WETH")
    before = buyer.free_balance("WETH")
    filled = buyer.fill(order, seller.sign(order))
    assert before - buyer.free_balance("WETH") == filled.premium + filled.fee == 5 * WAD // 100 + filled.fee
    assert buyer.balance_of(PUT) == WAD
