"""The SDK over the Router: one transaction from any token to an option and back, orders and vault best first."""

import pytest

from optionix.chain.errors import Reverted
from optionix.client import NATIVE, BadAmount, Client, Funds, Payment, Swap
from optionix.orders import Order
from tests.support.chain import LocalChain

CALL, PUT = "ETH-7MAR23-1600-C", "ETH-7MAR23-1600-P"
WAD = 10**18
TRADER = "0x000000000000000000000000000000000000dEa1"
"""Code that swaps: takes (token, units) from its caller and pays it (token, units) of its own, as its data says."""
TRADER_CODE = (
    "0x6323b872dd60e01b5f5233600452306024526020356044525f5f60645f5f5f355af150"
    + "63a9059cbb60e01b5f5233600452606035602452"
    + "5f5f60445f5f6040355af15000"
)


@pytest.fixture
def writer(market: LocalChain, provider: Client) -> Client:
    client = market.client(7)
    client.deposit("WETH", "10")
    client.ready_to_trade(selling=True)
    return client


@pytest.fixture
def buyer(market: LocalChain, provider: Client) -> Client:
    return market.client(6)


def ask(client: Client, amount: str, price: str) -> tuple[Order, bytes]:
    """A signed order to write calls."""
    order = client.premium_order(CALL, amount, price, is_buy=False, use_book=True)
    return order, client.sign(order)


def swapping(market: LocalChain, token_in: str, units_in: int, token_out: str, units_out: int) -> Swap:
    """A swap by `TRADER`, which has what it pays."""
    market.rpc.call("anvil_setCode", TRADER, TRADER_CODE)
    client, given, paid = market.client(9), market.deployment.token(token_in), market.deployment.token(token_out)
    client.transact_at("TestToken", paid.address, "mint", TRADER, units_out)
    words = (int(given.address, 16), units_in, int(paid.address, 16), units_out)
    return Swap(TRADER, b"".join(word.to_bytes(32, "big") for word in words), units_out)


def test_the_vault_alone(buyer: Client) -> None:
    quote, before = buyer.quote(CALL, "2"), buyer.wallet_balance("WETH")
    routed = buyer.buy_best(CALL, "2")
    assert (routed.amount, routed.by_orders, routed.token) == (2 * WAD, 0, "WETH")
    assert before - buyer.wallet_balance("WETH") == routed.assets
    assert abs(routed.assets - quote.total) <= quote.total // 500
    assert buyer.balance_of(CALL) == 2 * WAD


def test_a_cheaper_order_goes_first_and_a_dearer_one_is_left(buyer: Client, writer: Client) -> None:
    asked = buyer.quote(CALL, "1").total
    cheap, dear = ask(writer, "1", f"{asked * 8 // 10 / WAD:.6f}"), ask(writer, "1", f"{asked * 3 / WAD:.6f}")
    alone = buyer.quote(CALL, "3").total
    routed = buyer.buy_best(CALL, "3", [dear, cheap])
    assert routed.by_orders == WAD and buyer.remaining(cheap[0]) == 0 and buyer.remaining(dear[0]) == WAD
    assert routed.assets < alone


def test_orders_alone(writer: Client, buyer: Client) -> None:
    """Where the vault has no part and no limit is given, the client looks up what the orders ask."""
    orders = [ask(writer, "1", "0.05"), ask(writer, "2", "0.04")]
    routed = buyer.buy_best(CALL, "2.5", orders, vault=False)
    assert routed.by_orders == 25 * WAD // 10 and buyer.remaining(orders[1][0]) == 0
    with pytest.raises(BadAmount, match="the orders given have"):
        buyer.buy_best(CALL, "1", orders, vault=False)
    with pytest.raises(Reverted, match="NotFilled"):
        buyer.buy_best(CALL, "1", orders, vault=False, limit="1")


def test_paid_with_the_native_coin(market: LocalChain, buyer: Client) -> None:
    before = int(market.rpc.call("eth_getBalance", buyer.address, "latest"), 16)
    routed = buyer.buy_best(CALL, "1", payment=Payment(NATIVE, "0.5"))
    spent = before - int(market.rpc.call("eth_getBalance", buyer.address, "latest"), 16)
    assert 0 < routed.assets < WAD // 2
    assert routed.assets < spent < routed.assets + WAD // 100, "what it did not cost came back; gas went"


def test_paid_from_and_back_to_the_free_balance(buyer: Client) -> None:
    buyer.deposit("WETH", "1")
    routed = buyer.buy_best(CALL, "1", payment=Payment("WETH", funds=Funds.FREE_BALANCE))
    assert buyer.free_balance("WETH") == WAD - routed.assets
    sold = buyer.sell_best(CALL, "1", funds=Funds.FREE_BALANCE)
    assert 0 < sold.assets < routed.assets
    assert buyer.free_balance("WETH") == WAD - routed.assets + sold.assets
    assert buyer.balance_of(CALL) == 0


def test_paid_with_another_token(market: LocalChain, buyer: Client) -> None:
    """Puts are priced in USDC; one WETH is swapped into 1,500 of it, the rest comes back as USDC."""
    swap = swapping(market, "WETH", WAD, "USDC", 1_500 * 10**6)
    weth, usdc = buyer.wallet_balance("WETH"), buyer.wallet_balance("USDC")
    routed = buyer.buy_best(PUT, "1", payment=Payment("WETH", "1", swap=swap))
    assert buyer.wallet_balance("WETH") == weth - WAD
    assert buyer.wallet_balance("USDC") == usdc + 1_500 * 10**6 - routed.assets
    assert buyer.balance_of(PUT) == WAD


def test_sold_for_the_native_coin(market: LocalChain, buyer: Client) -> None:
    # The test token is minted without coin behind it: somebody wraps some.
    market.client(9).deposit_native(WAD)
    buyer.buy_best(CALL, "1")
    before = int(market.rpc.call("eth_getBalance", buyer.address, "latest"), 16)
    buyer.transact("OptionToken", "setApprovalForAll", buyer.deployment.address("Router"), True)
    sold = buyer.sell_best(CALL, "1", token=NATIVE)
    got = int(market.rpc.call("eth_getBalance", buyer.address, "latest"), 16) - before
    assert sold.assets - WAD // 100 < got < sold.assets


def test_deposited_as_another_token(market: LocalChain, buyer: Client) -> None:
    swap = swapping(market, "WETH", WAD, "USDC", 1_500 * 10**6)
    assert buyer.deposit_by_router(Payment("WETH", "1", swap=swap), "USDC") == 1_500 * 10**6
    assert buyer.deposit_by_router(Payment(NATIVE, "2"), "WETH") == 2 * WAD
    assert (buyer.free_balance("USDC"), buyer.free_balance("WETH")) == (1_500 * 10**6, 2 * WAD)


def test_how_much_is_paid_must_be_said_where_it_is_swapped(market: LocalChain, buyer: Client) -> None:
    swap = swapping(market, "WETH", WAD, "USDC", 10**6)
    with pytest.raises(BadAmount, match="how much WETH is paid is not said"):
        buyer.buy_best(PUT, "1", payment=Payment("WETH", swap=swap))


def test_more_than_the_limit_is_refused(buyer: Client) -> None:
    with pytest.raises(Reverted, match="CostAboveLimit"):
        buyer.buy_best(CALL, "1", limit="0.000001", payment=Payment("WETH", "1"))
