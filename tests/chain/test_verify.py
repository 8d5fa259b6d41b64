"""Verification: silent about a good deployment, and it names each contract that was tampered with."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import Artifact, compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator, code_at, read
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.chain.verify import Finding, verify
from optionix.local.anvil import Anvil

CORE = (
    "AccessManager",
    "Markets",
    "Clearinghouse",
    "OptionToken",
    "VolatilityOracle",
    "VaultPricer",
    "Exchange",
    "Router",
    "OptionRenderer",
    "ChainLens",
    "AccountLens",
    "VaultLens",
    "OrderLens",
    "Simulator",
)


@dataclass
class Deployed:
    """A good deployment on a chain that tests may spoil; each test gets it unspoiled."""

    rpc: BlockingRpc
    deployment: Deployment

    def verify(self) -> list[Finding]:
        return verify(self.rpc, network("local"), self.deployment, compile_contracts())

    def wrong(self) -> dict[str, str]:
        return {finding.contract: finding.detail for finding in self.verify() if not finding.ok}

    def spoil(self, address: str, place: int, value: bytes) -> None:
        code = bytearray(code_at(self.rpc, address))
        code[place : place + len(value)] = value
        self.rpc.call("anvil_setCode", address, "0x" + code.hex())


@pytest.fixture(scope="module")
def chain() -> Iterator[Deployed]:
    with Anvil() as anvil, BlockingRpc(anvil.url) as rpc:
        operator = LightOperator(rpc, local_account(0))
        report = deploy(operator, network("local"), compile_contracts(), admin=operator.address, holders={})
        yield Deployed(rpc, report.deployment)


@pytest.fixture
def deployed(chain: Deployed) -> Iterator[Deployed]:
    snapshot = chain.rpc.call("evm_snapshot")
    yield chain
    chain.rpc.call("evm_revert", snapshot)


def immutable_place(artifact: Artifact, name: str) -> int:
    return next(entry.starts[-1] for entry in artifact.immutables if entry.name == name)


def test_a_good_deployment_differs_nowhere(deployed: Deployed) -> None:
    findings = deployed.verify()
    assert [finding for finding in findings if not finding.ok] == []
    names = [finding.contract for finding in findings]
    assert set(CORE) <= set(names)
    assert len(names) == len(set(names)) == len(CORE) + 1 + 4 + 3 + 2


@pytest.mark.parametrize("name", CORE)
def test_one_changed_byte_is_named(deployed: Deployed, name: str) -> None:
    address = deployed.deployment.address(name)
    last = len(code_at(deployed.rpc, address)) - 1
    deployed.spoil(address, last, bytes([code_at(deployed.rpc, address)[last] ^ 1]))
    assert deployed.wrong() == {name: f"runtime code differs from the sources at byte {last}"}


def test_a_contract_that_points_to_another_is_named(deployed: Deployed) -> None:
    place = immutable_place(compile_contracts()["Clearinghouse"], "markets")
    deployed.spoil(deployed.deployment.address("Clearinghouse"), place + 12, b"\x66" * 20)
    (detail,) = (deployed.wrong()["Clearinghouse"],)
    assert detail.startswith("immutable markets is 0x000000000000000000000000" + "66" * 20)


def test_a_vault_with_another_pricer_is_named(deployed: Deployed) -> None:
    place = immutable_place(compile_contracts()["OptionVault"], "pricer")
    deployed.spoil(deployed.deployment.vaults[0].address, place + 12, b"\x66" * 20)
    assert list(deployed.wrong()) == ["OptionVault 1 CALL"]


def test_a_spoiled_executor_of_the_router_is_named(deployed: Deployed) -> None:
    executor = read(deployed.rpc, load_abi("Router"), deployed.deployment.address("Router"), "executor")
    place = immutable_place(compile_contracts()["SwapExecutor"], "router")
    deployed.spoil(executor, place + 12, b"\x66" * 20)
    assert list(deployed.wrong()) == ["SwapExecutor"]


def test_two_spoiled_contracts_are_both_named(deployed: Deployed) -> None:
    deployed.rpc.call("anvil_setCode", deployed.deployment.address("Markets"), "0x")
    deployed.rpc.call("anvil_setCode", deployed.deployment.address("OptionToken"), "0x6000")
    wrong = deployed.wrong()
    assert sorted(wrong) == ["Markets", "OptionToken"]
    assert wrong["Markets"] == "there is no contract at this address"
    assert wrong["OptionToken"].startswith("runtime code has 2 bytes")


def test_test_tokens_and_feeds_are_compared_too(deployed: Deployed) -> None:
    token = deployed.deployment.token("USDC")
    place = immutable_place(compile_contracts()["TestToken"], "_decimals")
    deployed.spoil(token.address, place, (18).to_bytes(32, "big"))
    assert list(deployed.wrong()) == ["TestToken USDC"]
