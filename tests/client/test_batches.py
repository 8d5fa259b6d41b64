"""The SDK's permits, payable multicall and batch forms of settling and redeeming."""

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted
from optionix.client import Client
from optionix.client.connection import NoKey
from optionix.instruments import Side, pack_book_key
from tests.support.chain import EXPIRY, LocalChain

CALL, OTHER_CALL, PUT, LOWER_PUT = (
    "ETH-7MAR23-1600-C",
    "ETH-7MAR23-1500-C",
    "ETH-7MAR23-1600-P",
    "ETH-7MAR23-1500-P",
)
WAD = 10**18


def test_a_permit_deposits_without_an_allowance(market: LocalChain) -> None:
    client = market.client(6)
    receipt = client.deposit_with_permit("USDC", "1234.5")
    assert client.free_balance("USDC") == 1_234_500_000
    house = market.deployment.address("Clearinghouse")
    usdc = market.deployment.token("USDC").address
    assert client.read_at("TestToken", usdc, "allowance", client.address, house) == 0
    assert receipt.events(load_abi("Clearinghouse"), "Deposited")
    client.deposit_with_permit("USDC", "1")
    assert client.free_balance("USDC") == 1_235_500_000, "each permit takes the next nonce"


def test_a_permit_that_is_too_late_is_refused(market: LocalChain) -> None:
    client = market.client(6)
    with pytest.raises(Reverted):
        client.deposit_with_permit("USDC", "1", deadline=client.head().timestamp - 1)
    with pytest.raises(NoKey):
        Client("local", rpc_url=market.anvil.url, deployment=market.deployment).deposit_with_permit("USDC", "1")


def test_value_is_wrapped_and_written_against_in_one_transaction(market: LocalChain) -> None:
    client = market.client(6)
    series = client.series(CALL).id
    client.multicall(
        [
            ("write", (client.address, series, WAD, client.address)),
            ("write", (client.address, client.series(OTHER_CALL).id, WAD // 2, client.address)),
        ],
        value=2 * WAD,
    )
    assert client.free_balance("WETH") == WAD // 2
    assert client.balance_of(CALL) == WAD
    client.deposit_native(3 * WAD)
    assert client.free_balance("WETH") == 35 * WAD // 10


def test_a_multicall_is_all_or_nothing(market: LocalChain) -> None:
    client = market.client(6)
    series = client.series(CALL).id
    with pytest.raises(Reverted):
        client.multicall([("write", (client.address, series, WAD, client.address))] * 3, value=2 * WAD)
    assert client.free_balance("WETH") == client.balance_of(CALL) == 0


def test_books_are_settled_and_holders_redeemed_for_in_batches(market: LocalChain) -> None:
    plain, netted, holder, keeper = (market.client(index) for index in (6, 7, 8, 9))
    plain.deposit("WETH", "3")
    plain.write(CALL, "1", holder.address)
    plain.write(OTHER_CALL, "2", holder.address)
    netted.deposit("USDC", "5000")
    netted.write(PUT, "1", holder.address)
    netted.write(LOWER_PUT, "1")
    netted.net("ETH", Side.PUT, EXPIRY)
    market.at(EXPIRY - 1900)
    market.post(1550)
    market.at(EXPIRY + 61)
    keeper.settle("ETH", EXPIRY)
    book = pack_book_key(1, Side.PUT, EXPIRY) << 64
    done = keeper.settle_many([(plain.address, CALL), (plain.address, OTHER_CALL)])
    assert len(done.events(load_abi("Clearinghouse"), "BookSettled")) == 2
    done = keeper.settle_many([(netted.address, book)])
    assert len(done.events(load_abi("Clearinghouse"), "BookSettled")) == 1
    assert plain.books()[0].kind == netted.books()[0].kind == "SETTLED"
    again = keeper.settle_many([(netted.address, book)])
    assert not again.events(load_abi("Clearinghouse"), "BookSettled"), "what is done is skipped"
    keeper.redeem_many([(holder.address, OTHER_CALL), (netted.address, OTHER_CALL)])
    assert holder.balance_of(OTHER_CALL) == 0
    # Two calls, 50 in the money at 1,550, paid in base and rounded down.
    assert holder.free_balance("WETH") == 2 * WAD * 50 // 1550
    keeper.redeem_many([(holder.address, PUT)])
    assert holder.free_balance("USDC") == 50_000_000
