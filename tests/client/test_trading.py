"""The SDK with a vault: liquidity in, quotes, a purchase, a sale back, liquidity out."""

from decimal import Decimal

import pytest

from optionix.chain.errors import Reverted
from optionix.client import Client, Funds
from tests.support.chain import EXPIRY, NOTICE, START, LocalChain

CALL, PUT = "ETH-7MAR23-1600-C", "ETH-7MAR23-1600-P"
WAD = 10**18


def test_liquidity_becomes_shares(market: LocalChain, provider: Client) -> None:
    state = market.client(9).vault("ETH-C")
    assert (state.idle, state.locked, state.pending_assets) == (1000 * WAD, 0, 0)
    assert state.entering == state.leaving == 1000 * WAD
    assert provider.share_balance("ETH-C") == state.total_supply > 0
    assert [(entry.market, entry.side) for entry in provider.vaults()] == [
        (1, "CALL"),
        (1, "PUT"),
        (2, "CALL"),
        (2, "PUT"),
    ]


def test_a_quote_is_exactly_what_is_paid(market: LocalChain, provider: Client) -> None:
    buyer = market.client(6)
    buyer.approve(market.deployment.token("WETH"), buyer.vault_address("ETH-C"), 10**24)
    quote = buyer.quote(CALL, "2.5")
    assert quote.mark < quote.total
    assert quote.mark + quote.spread + quote.skew + quote.use + quote.guard + quote.floor + quote.fee == quote.total
    assert 0.55 < quote.volatility / WAD < 0.65
    assert quote.collateral == 25 * WAD // 10
    before = buyer.wallet_balance("WETH")
    trade = buyer.buy(CALL, "2.5")
    assert before - buyer.wallet_balance("WETH") == trade.assets
    # The guard grows by the second: a block later the price may be a trifle higher.
    assert abs(trade.assets - quote.total) <= quote.total // 1000
    assert buyer.balance_of(CALL) == 25 * WAD // 10


def test_puts_are_paid_in_quote_from_the_free_balance(market: LocalChain, provider: Client) -> None:
    buyer = market.client(6)
    buyer.deposit("USDC", "1000")
    trade = buyer.buy(PUT, "1", funds=Funds.FREE_BALANCE)
    assert buyer.free_balance("USDC") == 10**9 - trade.assets
    assert buyer.positions()[0].name == PUT


def test_selling_back_pays_less_than_buying_cost(market: LocalChain, provider: Client) -> None:
    buyer = market.client(6)
    bought = buyer.buy(CALL, "2")
    before = buyer.wallet_balance("WETH")
    sold = buyer.sell(CALL, "1.5")
    assert buyer.wallet_balance("WETH") - before == sold.assets
    assert 0 < sold.assets < bought.assets * 3 // 4
    assert buyer.balance_of(CALL) == WAD // 2


def test_limits_hold(market: LocalChain, provider: Client) -> None:
    buyer = market.client(6)
    with pytest.raises(Reverted) as caught:
        buyer.buy(CALL, "1", limit="0.000001")
    assert caught.value.name == "CostAboveLimit"
    buyer.buy(CALL, "1")
    with pytest.raises(Reverted, match="ProceedsBelowLimit"):
        buyer.sell(CALL, "1", limit="0.9")
    with pytest.raises(Reverted, match="DeadlinePassed"):
        buyer.buy(CALL, "1", deadline=START)
    assert buyer.balance_of(CALL) == WAD


def test_the_vaults_refusals_come_in_its_own_words(market: LocalChain, provider: Client) -> None:
    buyer = market.client(6)
    with pytest.raises(Reverted, match="AmountTooSmall"):
        buyer.quote(CALL, "0.001")
    with pytest.raises(Reverted, match="UtilisationAboveCap"):
        buyer.quote(CALL, "2000")
    market.at(EXPIRY - 60)
    with pytest.raises(Reverted):
        buyer.quote(CALL, "1")


def test_a_provider_leaves_with_what_the_shares_are_worth(market: LocalChain, provider: Client) -> None:
    before = provider.wallet_balance("WETH")
    request = provider.request_redeem("ETH-C", provider.share_balance("ETH-C") // 2)
    assert request > 0
    now = provider.head().timestamp
    market.at(now + NOTICE + 1)
    market.client(9).process("ETH-C")
    provider.claim("ETH-C")
    assert provider.wallet_balance("WETH") - before == 500 * WAD


def test_a_waiting_request_can_be_taken_back(market: LocalChain) -> None:
    client = market.client(5)
    before = client.wallet_balance("WETH")
    request = client.request_deposit("ETH-C", Decimal("10.5"))
    assert client.vault("ETH-C").pending_assets == 105 * WAD // 10
    client.cancel_deposit("ETH-C", request)
    client.claim("ETH-C")
    assert client.wallet_balance("WETH") == before
