"""The stack as people run it: real processes, started, hurt and stopped through the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from optionix.local.parts import SERVICES
from optionix.local.status import PartStatus, StackStatus, collect
from optionix.settings import PROJECT_ROOT, Settings
from tests.support.ports import free_base

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WITHOUT = ",".join(service.name for service in SERVICES if service.name != "replay")


def wait_for(what: str, condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


class Stack:
    """A data folder with a port base of its own, driven through the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port_base = free_base()
        self.process: subprocess.Popen[str] | None = None

    def command(
        self, *words: str, env: dict[str, str] | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "optionix", "--data-dir", str(self.folder), *words],
            cwd=PROJECT_ROOT,
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
        return own | {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1"}

    @property
    def up_words(self) -> list[str]:
        return ["up", "--port-base", str(self.port_base), "--without", WITHOUT]

    def up(self, *words: str) -> None:
        """Starts `up` in the foreground of a process of its own and waits until it is ready."""
        self.output = self.folder.with_suffix(".out")
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "optionix", "--data-dir", str(self.folder), *self.up_words, *words],
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        process = self.process

        def ready() -> bool:
            assert process.poll() is None, self.output.read_text()
            return "ready after" in self.output.read_text()

        wait_for("ready", ready, 400)

    def status(self) -> tuple[int, dict[str, Any]]:
        """What `optionix status --json` says, with its exit code."""
        result = self.command("status", "--json")
        return result.returncode, json.loads(result.stdout)

    def look(self) -> StackStatus:
        """The same without the start of a command, for looking often."""
        return asyncio.run(collect(Settings(data_dir=self.folder)))

    def part(self, name: str) -> PartStatus:
        return next(part for part in self.look().parts if part.name == name)

    def healthy(self) -> bool:
        return self.look().status == "healthy"

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """Every process of the stack but `up` itself."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(f"http://127.0.0.1:{8545 + self.port_base}", json=body, trust_env=False).json()["result"]

    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)


def _gone(processes: list[psutil.Process]) -> bool:
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def home() -> Iterator[Stack]:
    """A stack's folder that the tests of this file share: only the first start deploys."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    stack = Stack(folder / "data")
    yield stack
    stack.command("down")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stack(home: Stack) -> Stack:
    """That stack, running and healthy."""
    if home.process is None or home.process.poll() is not None:
        home.up()
    wait_for("healthy", home.healthy, 60)
    return home


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


def test_down_leaves_nothing_behind_and_a_warm_start_continues(stack: Stack) -> None:
    block = stack.rpc("eth_getBlockByNumber", "0x5", False)["hash"]
    head, processes = stack.head(), stack.processes()
    result = stack.command("down")
    assert (result.returncode, result.stdout) == (0, "stopped\n")
    assert _gone(processes)
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
    assert _gone(processes)


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
        assert _gone(processes)
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


# --- what cannot start ---


@pytest.fixture
def fresh(short_dir: Path) -> Stack:
    return Stack(short_dir / "data")


def _refused(result: subprocess.CompletedProcess[str], words: str) -> None:
    assert result.returncode != 0
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_port_in_use_is_named(fresh: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 8545 + fresh.port_base))
        taken.listen()
        result = fresh.command(*fresh.up_words)
    _refused(result, f"Port {8545 + fresh.port_base}, which the local chain needs, is in use by python")


@pytest.mark.parametrize("words", [[], ["--fresh"], ["--fresh", "--detach"]])
def test_a_foreign_folder_is_left_alone(fresh: Stack, words: list[str]) -> None:
    fresh.folder.mkdir()
    (fresh.folder / "thesis.txt").write_text("years of work")
    result = fresh.command(*fresh.up_words, *words)
    _refused(result, "holds files that are not a local stack's (thesis.txt")
    assert [path.name for path in fresh.folder.iterdir()] == ["thesis.txt"]


def test_missing_node_is_one_line(fresh: Stack, tmp_path: Path) -> None:
    _refused(fresh.command(*fresh.up_words, env={"PATH": str(tmp_path)}), "Node is missing")


def test_old_node_is_one_line(fresh: Stack, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    _refused(fresh.command(*fresh.up_words, env={"PATH": f"{tmp_path}:/bin:/usr/bin"}), "Node v18.1.0 is too old")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "soon"], "is not a date"),
        (["--from", "2031-01-01"], "2022-11-01 to 2023-05-31"),
        (["--speed", "0"], "speed"),
        (["--port-base", "-3"], "port_base"),
        (["--without", "web"], "There is no service web"),
    ],
)
def test_an_impossible_setting_is_one_line(fresh: Stack, words: list[str], said: str) -> None:
    _refused(fresh.command(*fresh.up_words, *words), said)


def test_down_and_status_without_a_stack(fresh: Stack) -> None:
    _refused(fresh.command("down"), "There is no local stack")
    code, status = fresh.status()
    assert (code, status["status"]) == (1, "stopped")
