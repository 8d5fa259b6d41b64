"""ABIs and sending, against real contracts on a real chain."""

import asyncio

import pytest

from optionix.chain.abi import Abi, AbiError, decode_revert, load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.errors import Reverted, TransactionTimeout
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import Sender, call_contract, local_account, wait_for_receipt

pytestmark = pytest.mark.asyncio
FIRST_LOCAL_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture
def sender(rpc: Rpc) -> Sender:
    return Sender(rpc, local_account(0))


async def deployed(sender: Sender, name: str, *args: object) -> tuple[Abi, str]:
    artifact = compile_contracts()[name]
    receipt = await sender.send(None, artifact.init_code(*args))
    assert receipt.contract_address is not None
    return artifact.interface, receipt.contract_address


async def test_local_accounts_are_the_well_known_ones() -> None:
    assert local_account(0).address == FIRST_LOCAL_ADDRESS


async def test_a_transaction_is_sent_mined_and_its_events_read(sender: Sender) -> None:
    abi, token = await deployed(sender, "TestToken", "Dollar", "USD", 6)
    receipt = await sender.transact(abi, token, "mint", sender.address, 5)
    assert receipt.fee > 0
    assert receipt.events(abi, "Transfer", token) == [
        {"from": "0x" + "0" * 40, "to": FIRST_LOCAL_ADDRESS.lower(), "value": 5}
    ]
    assert await call_contract(sender.rpc, abi, token, "balanceOf", sender.address) == 5
    assert await call_contract(sender.rpc, abi, token, "symbol") == "USD"


async def test_many_at_once_take_successive_nonces(sender: Sender) -> None:
    abi, token = await deployed(sender, "TestToken", "Dollar", "USD", 6)
    data = abi.encode("mint", sender.address, 1)
    receipts = await sender.all([lambda: sender.submit(token, data, gas=100_000) for _ in range(20)])
    assert len({receipt.transaction for receipt in receipts}) == 20
    assert await call_contract(sender.rpc, abi, token, "totalSupply") == 20


async def test_a_refusal_is_the_contracts_own_error_with_its_values(sender: Sender) -> None:
    abi, token = await deployed(sender, "TestToken", "Dollar", "USD", 6)
    with pytest.raises(Reverted) as caught:
        await sender.transact(abi, token, "transfer", local_account(1).address, 3)
    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.args_by_name == {"sender": FIRST_LOCAL_ADDRESS.lower(), "balance": 0, "needed": 3}
    assert "needed=3" in str(caught.value)


async def test_a_refusal_that_was_mined_says_the_same(sender: Sender) -> None:
    abi, token = await deployed(sender, "TestToken", "Dollar", "USD", 6)
    with pytest.raises(Reverted) as caught:
        await sender.transact(abi, token, "transfer", local_account(1).address, 3, gas=200_000)
    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.transaction is not None


async def test_a_read_that_reverts_says_why(sender: Sender) -> None:
    abi, feed = await deployed(sender, "ReplayFeed", 8, "ETH / USD", sender.address)
    with pytest.raises(Reverted, match="No data present"):
        await call_contract(sender.rpc, abi, feed, "latestRoundData")


async def test_a_refused_send_does_not_lose_the_nonce(sender: Sender) -> None:
    abi, token = await deployed(sender, "TestToken", "Dollar", "USD", 6)
    with pytest.raises(Reverted):
        await sender.transact(abi, token, "transfer", local_account(1).address, 1)
    await sender.transact(abi, token, "mint", sender.address, 1)


async def test_what_is_not_mined_in_time_is_said_with_its_hash(rpc: Rpc) -> None:
    absent = "0x" + "12" * 32
    with pytest.raises(TransactionTimeout, match="not mined after 0.05 s") as caught:
        await asyncio.wait_for(wait_for_receipt(rpc, absent, seconds=0.05), 5)
    assert caught.value.transaction == absent


async def test_panics_texts_and_unknown_errors_are_told_apart() -> None:
    panic = decode_revert("0x4e487b71" + f"{0x11:064x}")
    assert (panic.name, panic.args_by_name["code"]) == ("Panic", 0x11)
    assert decode_revert("0xdeadbeef").args_by_name == {"data": "0xdeadbeef"}
    assert decode_revert(None).data == "0x"


async def test_structs_go_in_and_come_out_by_name() -> None:
    markets = load_abi("Markets")
    config = {
        "feed": "0x" + "11" * 20,
        "decimals": 8,
        "heartbeat": 300,
        "maxAge": 3600,
        "deviationBps": 10,
        "minPrice": 1,
        "maxPrice": 2,
        "sequencerFeed": "0x" + "00" * 20,
        "sequencerGrace": 0,
    }
    data = markets.encode("setFeed", 1, config)
    assert data == markets.encode("setFeed", 1, tuple(config.values()))
    encoded = "0x" + data[10 + 64 :]
    assert markets.decode("feedConfig", encoded) == config
    with pytest.raises(AbiError, match="maxAge"):
        markets.encode("setFeed", 1, {key: value for key, value in config.items() if key != "maxAge"})


async def test_unknown_names_are_refused() -> None:
    with pytest.raises(AbiError, match="has no function borrow"):
        load_abi("Markets").encode("borrow")
    with pytest.raises(AbiError, match="there is: .*Markets"):
        load_abi("Lender")
