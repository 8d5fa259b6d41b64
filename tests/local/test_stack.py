"""The stack as people run it: real processes, started, left and started again through the command line."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.local.running import Stack, gone, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_everything_answers_and_the_market_moves(stack: Stack) -> None:
    code, status = stack.status()
    assert (code, status["status"]) == (0, "healthy")
    assert {part["name"] for part in status["parts"]} == {"supervisor", "postgres", "redis", "chain", "replay"}
    assert status["addresses"]["rpc"] == f"http://127.0.0.1:{8545 + stack.port_base}"
    before = status["market_time"]
    wait_for("market time moves", lambda: (stack.look().market_time or "") > before, 20)
    assert json.loads((stack.folder / "deployments" / "local.json").read_text())["vaults"]


def test_a_second_up_is_refused(stack: Stack) -> None:
    result = stack.command(*stack.up_words)
    assert result.returncode != 0
    assert "running already" in result.stderr
    assert result.stderr.count("\n") == 1
    assert stack.healthy()


def test_down_leaves_nothing_behind_and_a_warm_start_continues(stack: Stack) -> None:
    block = stack.rpc("eth_getBlockByNumber", "0x5", False)["hash"]
    head, processes = stack.head(), stack.processes()
    result = stack.command("down")
    assert (result.returncode, result.stdout) == (0, "stopped\n")
    assert gone(processes)
    assert stack.process is not None and stack.process.wait(10) == 0
    code, status = stack.status()
    assert (code, status["status"]) == (1, "stopped")
    stack.up()
    assert stack.rpc("eth_getBlockByNumber", "0x5", False)["hash"] == block
    assert stack.head() >= head


def test_ctrl_c_leaves_nothing_behind(stack: Stack) -> None:
    processes = stack.processes()
    assert stack.process is not None
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert gone(processes)


@pytest.mark.parametrize("then", ["down", "up"])
def test_after_a_killed_supervisor_only_its_own_children_are_ended(stack: Stack, then: str) -> None:
    processes = stack.processes()
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    code, status = stack.status()
    assert (code, status["status"]) == (1, "unhealthy")
    assert "supervisor is gone" in status["phase"]
    # Somebody else's process with a recorded pid: the pid was used again.
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        state = json.loads((stack.folder / "stack.json").read_text())
        state["processes"].append({"pid": stranger.pid, "started": "another time"})
        (stack.folder / "stack.json").write_text(json.dumps(state))
        if then == "down":
            assert stack.command("down").returncode == 0
        else:
            stack.up()
            assert stack.said("processes that an earlier run left behind")
        assert gone(processes)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_detach_returns_when_everything_answers(stack: Stack) -> None:
    stack.command("down")
    result = stack.command(*stack.up_words, "--detach", seconds=200)
    assert result.returncode == 0, result.stderr
    assert "ready." in result.stdout
    assert stack.healthy()
    assert stack.command("down").stdout == "stopped\n"
    assert stack.command("down").stdout == "nothing was running\n"


def test_fresh_begins_a_new_market(stack: Stack) -> None:
    old = stack.rpc("eth_getBlockByNumber", "0x5", False)["hash"]
    stack.command("down")
    stack.up("--fresh", "--from", "2023-04-03")
    assert stack.rpc("eth_getBlockByNumber", "0x5", False)["hash"] != old
    assert stack.status()[1]["market_time"].startswith("2023-04-0")
    stack.command("down")
