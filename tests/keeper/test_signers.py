"""Signers: a key here, and one elsewhere that is not believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from keeper.keys import KeyMissing, signer_at
from keeper.reports import report_of, typed_report
from keeper.signers import LocalSigner, RemoteSigner, WrongSignature
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import local_account
from optionix.pricing.ssvi import PackedSlice
from tests.keeper.lanes import KEEPER, follow, is_listed, lane_of, list_action
from tests.keeper.test_keys import PASSWORD, keystore
from tests.keeper.world import World
from tests.support.rpc_faults import FaultyTransport

BODY: dict[str, Any] = {
    "type": 2,
    "chainId": 31337,
    "to": "0x" + "11" * 20,
    "data": "0x1234",
    "value": 0,
    "gas": 50_000,
    "nonce": 7,
    "maxFeePerGas": 3 * 10**9,
    "maxPriorityFeePerGas": 10**9,
}


@pytest.fixture
def wire() -> FaultyTransport:
    return FaultyTransport()


@pytest.fixture
async def remote(world: World, wire: FaultyTransport) -> AsyncIterator[RemoteSigner]:
    """anvil signs for its own accounts, as a key manager would."""
    async with Rpc(world.chain.anvil.url, transport=wire) as rpc:
        yield RemoteSigner(rpc, KEEPER.address)


async def test_a_remote_signer_signs_what_a_local_one_does(remote: RemoteSigner) -> None:
    signed, wanted = await remote.transaction(BODY), await LocalSigner(KEEPER).transaction(BODY)
    assert signed == wanted
    assert Account.recover_transaction(signed.raw) == KEEPER.address


async def test_a_remote_signer_signs_surfaces(remote: RemoteSigner) -> None:
    report = report_of(1, 1_700_000_000, {1_700_600_000: PackedSlice(10**14, 9 * 10**15, -(10**11), 0, 1_700_000_000)})
    data = typed_report(report, "0x" + "22" * 20, 31337)
    assert await remote.typed_data(data) == await LocalSigner(KEEPER).typed_data(data)


async def test_a_lane_sends_what_a_remote_signer_signed(world: World, remote: RemoteSigner) -> None:
    async with lane_of(world) as lane:
        lane.signer = remote
        await lane.submit("listing", list_action(world))
        await follow(lane)
    assert is_listed(world)


@pytest.mark.parametrize("change", [{"to": "0x" + "33" * 20}, {"value": 1}, {"nonce": 8}, {"data": "0x"}, {"gas": 1}])
async def test_another_transaction_than_asked_for_is_refused(
    remote: RemoteSigner, wire: FaultyTransport, change: dict[str, Any]
) -> None:
    other = KEEPER.sign_transaction({**BODY, **change}).raw_transaction
    wire.fault = lambda method, params, result: "0x" + other.hex()
    with pytest.raises(WrongSignature, match="another transaction"):
        await remote.transaction(BODY)


async def test_another_account_or_no_transaction_at_all_is_refused(remote: RemoteSigner, wire: FaultyTransport) -> None:
    other = local_account(5).sign_transaction(BODY).raw_transaction
    wire.fault = lambda method, params, result: "0x" + other.hex()
    with pytest.raises(WrongSignature, match="another account"):
        await remote.transaction(BODY)
    wire.fault = lambda method, params, result: "0x1234"
    with pytest.raises(WrongSignature, match="did not answer with a signed transaction"):
        await remote.transaction(BODY)
    report = report_of(1, 1_700_000_000, {})
    forged = await LocalSigner(local_account(5)).typed_data(typed_report(report, "0x" + "22" * 20, 31337))
    wire.fault = lambda method, params, result: "0x" + forged.hex()
    with pytest.raises(WrongSignature, match="did not sign as"):
        await remote.typed_data(typed_report(report, "0x" + "22" * 20, 31337))


def test_places_name_keystores_accounts_of_ape_and_remote_signers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "accounts").mkdir()
    path, address = keystore(tmp_path / "accounts", "keeper.json")
    password = tmp_path / "accounts" / "password"
    assert PASSWORD in password.read_text()
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    assert signer_at("ape:keeper", password).address == signer_at(str(path), password).address == address
    assert signer_at(f"{address}@https://signer.example/key-of-mine", None).address == address
    with pytest.raises(KeyMissing, match="http address"):
        signer_at(f"{address}@signer", None)
    with pytest.raises(KeyMissing, match="cannot read"):
        signer_at("ape:nobody", password)


async def test_no_word_of_a_remote_signers_address_is_told(world: World, wire: FaultyTransport) -> None:
    rpc = Rpc(f"{world.chain.anvil.url}/?key=secret-of-mine", transport=wire)
    wire.fault = lambda method, params, result: "0x1234"
    with pytest.raises(WrongSignature) as caught:
        await RemoteSigner(rpc, KEEPER.address).transaction(BODY)
    assert "secret-of-mine" not in str(caught.value)
    await rpc.close()
