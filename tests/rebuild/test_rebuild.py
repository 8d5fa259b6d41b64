"""The events are enough: all that the contracts know is rebuilt from logs alone and compared getter by getter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.operator import read
from optionix.instruments import Side
from tests.indexer.life import World, world
from tests.rebuild.access import AccessReplica
from tests.rebuild.clearinghouse import ClearinghouseReplica, OptionTokenReplica
from tests.rebuild.exchange import ExchangeReplica, PricerReplica
from tests.rebuild.markets import MarketsReplica
from tests.rebuild.oracle import OracleReplica
from tests.rebuild.replica import Replica
from tests.rebuild.vault import VaultReplica

pytestmark = pytest.mark.slow

ACTS = ("fund", "trade", "write", "exchange", "outage", "ask_out", "settle")


@pytest.fixture(scope="module")
def lived() -> Iterator[World]:
    """A chain that is played act by act."""
    with world() as made:
        yield made


def rebuild(chain: World) -> list[Replica]:
    """Every contract from the logs of the whole chain."""
    deployment = chain.deployment
    markets = MarketsReplica(deployment.address("Markets"), load_abi("Markets"))
    found: list[Replica] = [
        AccessReplica(deployment.address("AccessManager"), load_abi("AccessManager")),
        markets,
        ClearinghouseReplica(deployment.address("Clearinghouse"), load_abi("Clearinghouse"), markets=markets),
        OptionTokenReplica(deployment.address("OptionToken"), load_abi("OptionToken")),
        OracleReplica(deployment.address("VolatilityOracle"), load_abi("VolatilityOracle")),
        ExchangeReplica(deployment.address("Exchange"), load_abi("Exchange")),
        PricerReplica(deployment.address("VaultPricer"), load_abi("VaultPricer")),
    ]
    for vault in deployment.vaults:
        side = Side[vault.side]
        decimals = deployment.settlement_token(vault.market, side).decimals
        found.append(
            VaultReplica(vault.address, load_abi("OptionVault"), side=int(side is Side.PUT), decimals=decimals)
        )
    head = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    by_address = {replica.address: replica for replica in found}
    for replica in found:
        replica.time = int(head["timestamp"], 16)
    wanted = {"address": list(by_address), "fromBlock": "0x0", "toBlock": head["number"]}
    for log in chain.rpc.call("eth_getLogs", wanted):
        replica = by_address[log["address"].lower()]
        told = replica.abi.decode_log(log)
        assert told is not None, f"{type(replica).__name__} has no event for {log['topics'][0]}"
        replica.moment = int(log["blockTimestamp"], 16)
        replica.apply(*told)
    return found


def compare(chain: World, replica: Replica) -> tuple[list[str], set[str]]:
    """What a contract answers otherwise than its replica, and the getters that were asked."""
    wrong, asked = [], set()
    for getter, arguments, expected in replica.answers():
        asked.add(getter)
        found = read(chain.rpc, replica.abi, replica.address, getter, *arguments)
        if isinstance(expected, set):
            found = set(found)  # where the order says nothing
        if found != expected:
            wrong.append(f"{type(replica).__name__}.{getter}{arguments} is {found}, by its events {expected}")
    return wrong, asked


@pytest.mark.parametrize("act", ACTS)
def test_every_getter_answers_what_the_events_tell(lived: World, act: str) -> None:
    getattr(lived, act)()
    compared = 0
    for replica in rebuild(lived):
        wrong, _ = compare(lived, replica)
        assert not wrong, "\n".join(wrong)
        compared += sum(1 for _ in replica.answers())
    assert compared > 150


def test_no_event_and_no_getter_is_left_out(lived: World) -> None:
    """At the end of the life: a new one fails here until its replica knows it, or says why it need not."""
    asked: dict[str, set[str]] = {}
    by_name: dict[str, Replica] = {}
    for replica in rebuild(lived):
        name = type(replica).__name__
        by_name[name] = replica
        asked.setdefault(name, set()).update(getter for getter, _, _ in replica.answers())
    for name, replica in by_name.items():
        assert replica.unhandled() == [], name
        assert replica.getters() - asked[name] - replica.derived.keys() == set(), name
        assert replica.derived.keys() - replica.getters() == set(), f"{name} excuses what is not there"


def test_a_log_that_is_lost_is_noticed(lived: World) -> None:
    """The comparison can fail: without one of the logs, or with one twice, some getter answers otherwise."""
    clearinghouse = next(each for each in rebuild(lived) if isinstance(each, ClearinghouseReplica))
    account, token = next(iter(clearinghouse.free))
    clearinghouse.on_deposited(account, token, 1)
    wrong, _ = compare(lived, clearinghouse)
    assert len(wrong) == 1
    assert "freeBalance" in wrong[0]
