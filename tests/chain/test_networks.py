"""The networks file: complete, self-consistent, and refused where it is wrong."""

import re

import pytest
from pydantic import ValidationError

from optionix.chain.networks import Network, UnknownNetwork, default_network, network, network_of_chain, networks

MAIN_NETS = {"ethereum": 1, "arbitrum": 42161, "base": 8453, "optimism": 10, "polygon": 137}
TEST_NETS = {
    "ethereum-sepolia": 11155111,
    "arbitrum-sepolia": 421614,
    "base-sepolia": 84532,
    "optimism-sepolia": 11155420,
    "polygon-amoy": 80002,
}


def test_every_promised_network_is_described_once() -> None:
    ids = {name: entry.chain_id for name, entry in networks().items()}
    assert ids == {"local": 31337} | MAIN_NETS | TEST_NETS
    assert len(set(ids.values())) == len(ids)
    assert default_network() == "local"
    assert all(network(name).test_net is (name not in MAIN_NETS) for name in ids)
    assert [entry.name for entry in networks().values() if not entry.real_time] == ["local"]


@pytest.mark.parametrize("name", MAIN_NETS)
def test_main_nets_have_both_markets_and_a_delay(name: str) -> None:
    entry = network(name)
    assert [market.base for market in entry.markets] == ["ETH", "BTC"]
    assert entry.delay_seconds == 2 * 86400
    assert (entry.sequencer_feed is not None) == (name in {"arbitrum", "base", "optimism"})


def test_a_mistyped_address_is_refused() -> None:
    fields = network("ethereum").model_dump()
    fields["tokens"]["USDC"]["address"] = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB49"
    with pytest.raises(ValidationError, match="EIP-55"):
        Network(**fields)


def test_an_age_outside_the_protocols_bounds_is_refused() -> None:
    fields = network("ethereum").model_dump()
    fields["markets"][0]["feed"]["max_age"] = 3600 + 1799
    with pytest.raises(ValidationError, match="max_age 5399 is outside 5400 to 10800"):
        Network(**fields)


def test_unknown_names_and_chains_say_what_there_is() -> None:
    with pytest.raises(UnknownNetwork, match="use one of local, ethereum"):
        network("goerli")
    with pytest.raises(UnknownNetwork, match="chain id 5"):
        network_of_chain(5)
    assert network_of_chain(10).name == "optimism"


def test_an_endpoint_comes_from_the_networks_own_variable() -> None:
    assert network("local").rpc_url({}) == "http://127.0.0.1:8545"
    assert network("base").rpc_url({"OPTIONIX_RPC_BASE": "http://node:8545"}) == "http://node:8545"
    with pytest.raises(UnknownNetwork, match=re.escape("set OPTIONIX_RPC_BASE")):
        network("base").rpc_url({})
