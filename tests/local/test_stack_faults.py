"""Parts of a running stack that are killed or frozen: it shows, and they come back."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.local.running import Stack, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", ["redis", "replay", "postgres"])
def test_a_killed_child_shows_and_is_started_again(stack: Stack, name: str) -> None:
    before = stack.part(name)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    wait_for(f"{name} unhealthy", lambda: not stack.healthy(), 5)
    assert stack.status()[0] == 1
    wait_for(f"{name} healthy again", stack.healthy, 60)
    after = stack.part(name)
    assert after.pid != before.pid
    assert after.restarts == before.restarts + 1
    assert stack.said(f"{name} was killed by signal 9; starting it again")


@pytest.mark.parametrize("name", ["postgres", "redis", "chain", "replay"])
def test_a_frozen_child_shows_within_five_seconds(stack: Stack, name: str) -> None:
    pid = stack.part(name).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(f"{name} unhealthy", lambda: stack.part(name).status == "failed", 5)
        assert stack.status()[0] == 1
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for("healthy again", stack.healthy, 30)


def test_a_frozen_supervisor_shows(stack: Stack) -> None:
    assert stack.process is not None
    stack.process.send_signal(signal.SIGSTOP)
    try:
        wait_for("unhealthy", lambda: stack.part("supervisor").status == "failed", 8)
    finally:
        stack.process.send_signal(signal.SIGCONT)
    wait_for("healthy again", stack.healthy, 30)


def test_a_killed_chain_comes_back_with_what_stands_on_it(stack: Stack) -> None:
    pid = stack.part("chain").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for("unhealthy", lambda: not stack.healthy(), 5)
    wait_for("healthy again", stack.healthy, 200)
    assert stack.part("chain").pid != pid
    assert stack.said("the chain was killed by signal 9")
    before = stack.head()
    wait_for("rounds again", lambda: stack.head() > before, 20)


def test_replay_is_steered(stack: Stack) -> None:
    assert json.loads(stack.command("replay", "--pause", "--json").stdout)["state"] == "paused"
    head = stack.head()
    assert json.loads(stack.command("replay", "--json").stdout)["state"] == "paused"
    assert stack.head() == head
    answer = json.loads(stack.command("replay", "--resume", "--speed", "1200", "--json").stdout)
    assert (answer["state"], answer["speed"]) == ("running", 1200)
    wait_for("rounds", lambda: stack.head() > head, 20)
    bad = stack.command("replay", "--speed", "-1")
    assert bad.returncode != 0 and "speed" in bad.stderr
