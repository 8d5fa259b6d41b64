"""Deploying to real chains: once and for all, continued where cut off, the same core addresses everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_account import Account

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.create2 import PROXY, PROXY_SIGNER, PROXY_TRANSACTION, create2_address
from optionix.chain.deploy import DeployError, Report, deploy
from optionix.chain.deployment import Deployment
from optionix.chain.errors import Reverted, WrongChain
from optionix.chain.networks import Network, network
from optionix.chain.operator import LightOperator, code_at, read
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.instruments import Side
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
ADMIN, KEEPER, STRANGER = (local_account(index).address for index in (0, 1, 9))


@dataclass
class Chain:
    """A fresh chain and its first admin."""

    anvil: Anvil
    operator: LightOperator

    def deploy(self, entry: Network, previous: Deployment | None = None) -> Report:
        return deploy(
            self.operator,
            entry,
            compile_contracts(),
            admin=ADMIN,
            holders={Role.LISTER: [KEEPER]},
            feed_owner=local_account(4).address,
            previous=previous,
        )


@pytest.fixture
def fresh() -> Iterator[Chain]:
    with Anvil() as anvil, BlockingRpc(anvil.url) as rpc:
        yield Chain(anvil, LightOperator(rpc, local_account(0)))


@pytest.fixture
def other() -> Iterator[Chain]:
    with Anvil(chain_id=4242) as anvil, BlockingRpc(anvil.url) as rpc:
        # Another history too: neither nonces nor heights may matter.
        operator = LightOperator(rpc, local_account(0))
        operator.send(STRANGER, "0x", 1)
        yield Chain(anvil, operator)


def another_network() -> Network:
    """A chain with another id and other tokens, in another number of decimals."""
    fields = network("local").model_dump()
    fields |= {
        "chain_id": 4242,
        "wrapped_native": "WPOL",
        "tokens": {"WPOL": {"decimals": 18}, "DAI": {"decimals": 18}, "tBTC": {"decimals": 18}},
    }
    for market, base in zip(fields["markets"], ("WPOL", "tBTC"), strict=True):
        market |= {"base_token": base, "quote_token": "DAI"}
    for table in ("deposit_caps", "min_requests", "bounty_caps"):
        fields["protocol"][table] = {"WPOL": "1", "DAI": "1", "tBTC": "1"}
    return Network.model_validate(fields)


def test_the_proxys_signed_transaction_is_the_known_one() -> None:
    assert Account.recover_transaction(PROXY_TRANSACTION) == PROXY_SIGNER


def test_core_addresses_are_equal_on_chains_with_other_ids_and_tokens(fresh: Chain, other: Chain) -> None:
    here = fresh.deploy(network("local")).deployment
    there = other.deploy(another_network()).deployment
    assert [here.address(name) for name in CORE] == [there.address(name) for name in CORE]
    assert [vault.address for vault in here.vaults] == [vault.address for vault in there.vaults]
    assert len({vault.address for vault in here.vaults}) == 4
    assert {token.address for token in here.tokens}.isdisjoint(token.address for token in there.tokens)


def test_a_second_run_sends_nothing(fresh: Chain) -> None:
    first = fresh.deploy(network("local"))
    head = fresh.anvil.rpc("eth_blockNumber")
    again = fresh.deploy(network("local"), first.deployment)
    assert (again.created, again.configured) == ([], [])
    assert again.deployment == first.deployment
    assert fresh.anvil.rpc("eth_blockNumber") == head


def test_without_the_file_the_blocks_are_found_on_chain(fresh: Chain) -> None:
    first = fresh.deploy(network("local"))
    assert fresh.deploy(network("local")).deployment == first.deployment


def test_other_contracts_are_not_put_beside_those_in_use(fresh: Chain) -> None:
    before = fresh.deploy(network("local")).deployment
    height = fresh.anvil.rpc("eth_blockNumber")
    changed = before.contracts | {"Markets": before.contracts["Clearinghouse"]}
    with pytest.raises(DeployError, match="Markets stands at") as refused:
        fresh.deploy(network("local"), before.model_copy(update={"contracts": changed}))
    assert "--fresh" in str(refused.value.hint)
    assert fresh.anvil.rpc("eth_blockNumber") == height


def test_another_wrapped_native_is_refused(fresh: Chain) -> None:
    fresh.deploy(network("local"))
    with pytest.raises(DeployError, match="once and for all"):
        fresh.deploy(network("local").model_copy(update={"wrapped_native": "WBTC"}))


def test_a_run_that_was_cut_off_is_continued(fresh: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    send = fresh.operator.send
    left = iter(range(7))

    def failing(to: str, data: str | bytes, value: int = 0) -> int:
        if next(left, None) is None:
            raise ConnectionError("cut off")
        return send(to, data, value)

    monkeypatch.setattr(fresh.operator, "send", failing)
    with pytest.raises(ConnectionError):
        fresh.deploy(network("local"))
    monkeypatch.undo()
    rest = fresh.deploy(network("local"))
    assert not any(line.startswith(("AccessManager", "Clearinghouse")) for line in rest.created)
    assert any(line.startswith("OptionVault") for line in rest.created)
    again = fresh.deploy(network("local"))
    assert (again.created, again.configured) == ([], [])


def test_a_chain_without_the_proxy_gets_it(fresh: Chain) -> None:
    fresh.anvil.rpc("anvil_setCode", PROXY, "0x")
    fresh.deploy(network("local"))
    assert code_at(fresh.operator.rpc, PROXY)


def test_another_chain_is_refused_before_anything_is_sent(fresh: Chain) -> None:
    with pytest.raises(WrongChain, match="serves chain 31337, not 4242"):
        fresh.deploy(another_network())
    assert fresh.anvil.rpc("eth_blockNumber") == "0x0"


def test_only_the_first_admin_can_set_up(fresh: Chain) -> None:
    stranger = LightOperator(fresh.operator.rpc, local_account(9))
    with pytest.raises(Reverted, match="AccessManagedUnauthorized"):
        deploy(stranger, network("local"), compile_contracts(), admin=ADMIN, holders={})
    # What the stranger created is what the admin would have: nothing is lost, nothing was taken.
    report = fresh.deploy(network("local"))
    assert report.deployment.admin == ADMIN
    held, _ = read(
        fresh.operator.rpc, load_abi("AccessManager"), report.deployment.address("AccessManager"), "hasRole", 0, ADMIN
    )
    assert held


def test_the_core_addresses_follow_from_code_and_admin_alone(fresh: Chain) -> None:
    deployment = fresh.deploy(network("local")).deployment
    code = compile_contracts()["AccessManager"].init_code(ADMIN)
    assert deployment.address("AccessManager") == create2_address(code)
    assert create2_address(compile_contracts()["AccessManager"].init_code(KEEPER)) != create2_address(code)


def test_roles_hold_function_by_function(fresh: Chain) -> None:
    deployment = fresh.deploy(network("local")).deployment
    markets, abi = deployment.address("Markets"), load_abi("Markets")
    keeper = LightOperator(fresh.operator.rpc, local_account(1))
    head = int(fresh.anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    expiry = head - head % 86400 + 2 * 86400 + 8 * 3600
    owner = LightOperator(fresh.operator.rpc, local_account(4))
    owner.send(deployment.feed(1).address, load_abi("ReplayFeed").encode("post", 1500 * 10**8))
    keeper.send(markets, abi.encode("listExpiry", 1, expiry))
    numbers = ("decimals", "heartbeat", "maxAge", "deviationBps", "minPrice", "maxPrice", "sequencerGrace")
    config: dict[str, object] = dict.fromkeys(numbers, 0)
    config |= {"feed": STRANGER, "sequencerFeed": STRANGER}
    with pytest.raises(Reverted, match="AccessManagedUnauthorized"):
        keeper.send(markets, abi.encode("setFeed", 1, config))
    stranger = LightOperator(fresh.operator.rpc, local_account(9))
    for name, call in (
        ("Markets", abi.encode("listExpiry", 1, expiry + 86400)),
        ("VolatilityOracle", load_abi("VolatilityOracle").encode("setAnchor", 1, 10**18)),
        ("Clearinghouse", load_abi("Clearinghouse").encode("setTreasury", STRANGER)),
        ("Clearinghouse", load_abi("Clearinghouse").encode("setWritesPaused", True)),
    ):
        with pytest.raises(Reverted, match="AccessManagedUnauthorized"):
            stranger.send(deployment.address(name), call)


def test_delays_come_last_and_then_nothing_is_at_once(fresh: Chain) -> None:
    entry = network("local").model_copy(update={"delay_seconds": 172_800})
    report = fresh.deploy(entry)
    assert report.configured[-1] == "delay of ADMIN"
    again = fresh.deploy(entry, report.deployment)
    assert (again.created, again.configured) == ([], [])
    manager = report.deployment.address("AccessManager")
    held, delay = read(fresh.operator.rpc, load_abi("AccessManager"), manager, "hasRole", 0, ADMIN)
    assert (held, delay) == (True, 172_800)
    with pytest.raises(Reverted, match="AccessManagerNotScheduled"):
        data = load_abi("VolatilityOracle").encode("setAnchor", 1, 10**18)
        fresh.operator.send(report.deployment.address("VolatilityOracle"), data)
    with pytest.raises(DeployError, match="only an admin without a delay"):
        deploy(fresh.operator, entry, compile_contracts(), admin=ADMIN, holders={Role.GUARDIAN: [STRANGER]})


def test_markets_and_parameters_are_what_the_file_says(fresh: Chain) -> None:
    deployment = fresh.deploy(network("local")).deployment
    rpc = fresh.operator.rpc
    assert deployment.market_ids == {"ETH": 1, "BTC": 2}
    there = read(rpc, load_abi("Markets"), deployment.address("Markets"), "market", 2)
    assert (there["baseDecimals"], there["quoteDecimals"]) == (8, 6)
    assert deployment.settlement_token(2, Side.CALL).symbol == "WBTC"
    assert deployment.settlement_token(2, Side.PUT).symbol == "USDC"
    assert read(rpc, load_abi("VolatilityOracle"), deployment.address("VolatilityOracle"), "heartbeat") == 6 * 3600
    vault = deployment.vault(1, Side.PUT)
    abi = load_abi("OptionVault")
    assert read(rpc, abi, vault.address, "side") == Side.PUT
    assert read(rpc, abi, vault.address, "params")["depositCap"] == 200_000_000 * 10**6


def test_a_wrong_feed_on_a_public_network_is_refused(fresh: Chain) -> None:
    local = fresh.deploy(network("local")).deployment
    fields = network("local").model_dump()
    fields["name"] = "somewhere"
    for token in local.tokens:
        fields["tokens"][token.symbol]["address"] = token.address
    for market, feed in zip(fields["markets"], reversed(local.feeds), strict=True):
        market["feed"] |= {"address": feed.address, "description": f"{market['base']} / USD"}
    with pytest.raises(DeployError, match="is 'BTC / USD', not 'ETH / USD'"):
        fresh.deploy(Network.model_validate(fields))
