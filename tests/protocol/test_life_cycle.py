"""A whole life through ape: deposited, written, transferred, settled, redeemed; amounts worked out by hand."""

from typing import Any

import ape
import pytest

WAD = 10**18
CALL, PUT = 0, 1


def settle(protocol: Any, price: int, settler: Any) -> None:
    """Rounds at one price through the window, then the proof."""
    for minutes in (45, 30, 15, 5):
        protocol.at(protocol.expiry - 60 * minutes)
        protocol.post(price)
    last = protocol.feed.latestRoundData()[0]
    protocol.at(protocol.expiry + 61)
    protocol.markets.settle(1, protocol.expiry, last, sender=settler)


def fund(protocol: Any, token: Any, account: Any, assets: int) -> None:
    """Free balance out of nowhere: minted, approved, deposited."""
    token.mint(account, assets, sender=account)
    token.approve(protocol.clearinghouse, assets, sender=account)
    protocol.clearinghouse.deposit(token, assets, sender=account)


def test_a_call_from_deposit_to_the_last_unit(protocol: Any, accounts: Any) -> None:
    writer, first, holder, anybody = accounts[1:5]
    clearinghouse, options, weth = protocol.clearinghouse, protocol.options, protocol.weth
    call = protocol.series(CALL, 1500)
    fund(protocol, weth, writer, 3 * WAD)
    clearinghouse.write(writer, call, 2 * WAD, first, sender=writer)
    assert clearinghouse.freeBalance(writer, weth) == WAD
    options.safeTransferFrom(first, holder, call, 2 * WAD, b"", sender=first)
    assert options.balanceOf(holder, call) == options.totalSupply(call) == 2 * WAD

    settle(protocol, 2000, anybody)
    assert protocol.markets.settlementPrice(1, protocol.expiry) == 2000 * WAD
    clearinghouse.redeem(call, 2 * WAD, holder, sender=holder)
    assert weth.balanceOf(holder) == 2 * WAD * 500 // 2000
    clearinghouse.settleLeg(writer, call, sender=anybody)
    clearinghouse.withdraw(weth, 3 * WAD - WAD // 2, writer, sender=writer)
    assert weth.balanceOf(clearinghouse) == 0
    assert options.totalSupply(call) == 0


def test_a_put_redeemed_by_anybody_is_the_holders(protocol: Any, accounts: Any) -> None:
    writer, holder, anybody = accounts[5:8]
    clearinghouse, usdc = protocol.clearinghouse, protocol.usdc
    put = protocol.series(PUT, 1600)
    fund(protocol, usdc, writer, 1600 * 10**6)
    clearinghouse.write(writer, put, WAD, holder, sender=writer)
    settle(protocol, 1234, anybody)
    clearinghouse.redeemFor(holder, put, sender=anybody)
    assert clearinghouse.freeBalance(holder, usdc) == 366 * 10**6
    clearinghouse.settleLeg(writer, put, sender=anybody)
    assert clearinghouse.freeBalance(writer, usdc) == 1234 * 10**6


def test_nothing_is_written_without_its_collateral(protocol: Any, accounts: Any) -> None:
    writer = accounts[8]
    with ape.reverts(protocol.clearinghouse.InsufficientFreeBalance):
        protocol.clearinghouse.write(writer, protocol.series(CALL, 1500), WAD, writer, sender=writer)


def test_nothing_is_redeemed_before_settlement(protocol: Any, accounts: Any) -> None:
    writer = accounts[8]
    call = protocol.series(CALL, 1600)
    fund(protocol, protocol.weth, writer, WAD)
    protocol.clearinghouse.write(writer, call, WAD, writer, sender=writer)
    with ape.reverts(protocol.clearinghouse.NotSettled):
        protocol.clearinghouse.redeem(call, WAD, writer, sender=writer)


def test_only_listers_list(protocol: Any, accounts: Any) -> None:
    with ape.reverts(protocol.markets.AccessManagedUnauthorized):
        protocol.markets.listExpiry(1, protocol.expiry + 86_400, sender=accounts[9])


@pytest.fixture(autouse=True)
def isolated(chain: Any) -> Any:
    """Each test on the chain as deployed."""
    snapshot = chain.snapshot()
    yield
    chain.restore(snapshot)
