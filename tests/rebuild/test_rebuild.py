"""The events are enough: all that the contracts know is rebuilt from logs alone and compared getter by getter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optionix.chain.operator import read
from tests.indexer.life import World, world
from tests.rebuild.clearinghouse import ClearinghouseReplica
from tests.rebuild.follow import follow
from tests.rebuild.replica import Replica

pytestmark = pytest.mark.slow

ACTS = ("fund", "trade", "write", "exchange", "outage", "ask_out", "settle")


@pytest.fixture(scope="module")
def lived() -> Iterator[World]:
    """A chain that is played act by act."""
    with world() as made:
        yield made


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
    for replica in follow(lived.rpc, lived.deployment):
        wrong, _ = compare(lived, replica)
        assert not wrong, "\n".join(wrong)
        compared += sum(1 for _ in replica.answers())
    assert compared > 150


def test_no_event_and_no_getter_is_left_out(lived: World) -> None:
    """At the end of the life: a new one fails here until its replica knows it, or says why it need not."""
    asked: dict[str, set[str]] = {}
    by_name: dict[str, Replica] = {}
    for replica in follow(lived.rpc, lived.deployment):
        name = type(replica).__name__
        by_name[name] = replica
        asked.setdefault(name, set()).update(getter for getter, _, _ in replica.answers())
    for name, replica in by_name.items():
        assert replica.unhandled() == [], name
        assert replica.getters() - asked[name] - replica.derived.keys() == set(), name
        assert replica.derived.keys() - replica.getters() == set(), f"{name} excuses what is not there"


def test_a_log_that_is_lost_is_noticed(lived: World) -> None:
    """The comparison can fail: without one of the logs, or with one twice, some getter answers otherwise."""
    clearinghouse = next(each for each in follow(lived.rpc, lived.deployment) if isinstance(each, ClearinghouseReplica))
    account, token = next(iter(clearinghouse.free))
    clearinghouse.on_deposited(account, token, 1)
    wrong, _ = compare(lived, clearinghouse)
    assert len(wrong) == 1
    assert "freeBalance" in wrong[0]
