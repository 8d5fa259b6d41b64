"""Ponder over the trades of the same chain: the same positions, compared row by row, and how long it took."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from psycopg import sql

from bench.indexing.stage import Stage, indexers_cores
from optionix.chain.abi import load_abi
from optionix.chain.artifacts import BUILD_FOLDER
from optionix.errors import UserError
from optionix.local.anvil import free_port
from optionix.settings import Settings
from optionix.store.engine import conninfo

PEER = "Ponder 0.16.10"
_PROJECT = Path(__file__).resolve().parents[1] / "ponder"
_CONTRACTS = ("OptionToken", "OptionVault", "Exchange")
_INSTALL_SECONDS, _RUN_SECONDS, _HEAD_SECONDS, _STEP_SECONDS = 600.0, 900.0, 60.0, 0.2
_DONE = "Completed backfill indexing across all chains"


@dataclass(frozen=True)
class PeerRun:
    """One run: the events that it handled, and its own word for how long the past took it."""

    events: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def run_peer(stage: Stage, ours: Settings, say: Callable[[str], None]) -> tuple[PeerRun, PeerRun]:
    """A cold run and one from its own cache.

    Parameters
    ----------
    ours : where the positions are that its own must equal.

    Raises
    ------
    UserError
        It cannot be installed, does not come to its end, or has other positions.
    """
    folder = _installed(say)
    database = stage.database()
    (folder / "facts.json").write_text(json.dumps(_facts(stage, database)))
    found = []
    for number, what in enumerate(("from the node", "from its cache")):
        say(f"running {PEER} {what}")
        schema = f"peer_{number}"
        with _started(folder, schema) as (url, log):
            found.append(_wait(url, log, stage.traffic.chain.head))
            _compare(ours, database, schema)
    return found[0], found[1]


def _installed(say: Callable[[str], None]) -> Path:
    """The project in a folder of its own, with its packages."""
    folder = BUILD_FOLDER / "ponder"
    shutil.copytree(_PROJECT, folder, dirs_exist_ok=True)
    wanted, stamp = (_PROJECT / "package.json").read_text(), folder / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"installing {PEER}")
        words = ["npm", "install", "--no-audit", "--no-fund"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
        if done.returncode:
            raise UserError(f"{PEER} could not be installed: {done.stderr.strip().splitlines()[-1]}")
        stamp.write_text(wanted)
    return folder


def _facts(stage: Stage, database: Settings) -> dict[str, Any]:
    """What the peer's configuration reads."""
    deployment = stage.traffic.chain.deployment
    parts = psycopg.conninfo.conninfo_to_dict(conninfo(database.database_url))
    where = f"host={quote(str(parts['host']), safe='')}&port={parts['port']}"
    return {
        "rpc": database.rpc_url,
        "chainId": deployment.chain_id,
        "startBlock": deployment.block,
        "token": deployment.address("OptionToken"),
        "exchange": deployment.address("Exchange"),
        "vaults": [vault.address for vault in deployment.vaults],
        "database": f"postgresql://{parts['user']}@localhost/{parts['dbname']}?{where}",
        "abis": {name: [e for e in load_abi(name).entries if e["type"] == "event"] for name in _CONTRACTS},
    }


@contextmanager
def _started(folder: Path, schema: str) -> Iterator[tuple[str, Path]]:
    """The peer as a process on the indexer's cores; its address and its log."""
    port, log, cores = free_port(), folder / f"{schema}.log", indexers_cores()
    words = ["start", "--schema", schema, "--port", str(port), "--hostname", "127.0.0.1", "--log-format", "json"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(folder / "node_modules" / ".bin" / "ponder"), *words],
            cwd=folder,
            env=os.environ | {"PONDER_TELEMETRY_DISABLED": "1"},
            stdout=output,
            stderr=output,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}", log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait(url: str, log: Path, head: int) -> PeerRun:
    """Until the past is done and the tables are at the head."""
    deadline = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < deadline:
        events = _figure(url, "ponder_indexing_completed_events")
        duration = next((line["duration"] for line in _lines(log) if line.get("msg") == _DONE), None)
        if duration is not None and events and _figure(url, "ponder_sync_block") >= head:
            past = sum(line["event_count"] for line in _lines(log) if line.get("msg") == "Indexed block range")
            return PeerRun(past, float(duration) / 1000)
        time.sleep(_STEP_SECONDS)
    raise UserError(f"{PEER} did not come to the head within {_RUN_SECONDS:g} s: see {log}.")


def _figure(url: str, name: str) -> float:
    """The sum of a metric; 0 while there is none."""
    with suppress(httpx.HTTPError):
        text = httpx.get(f"{url}/metrics", trust_env=False).text
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE))
    return 0.0


def _lines(log: Path) -> list[dict[str, Any]]:
    found = []
    for line in log.read_text().splitlines():
        with suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return [line for line in found if isinstance(line, dict)]


def _compare(ours: Settings, theirs: Settings, schema: str) -> None:
    """Both have the same positions, row by row; the newest blocks come to the peer's tables a little later."""
    with psycopg.connect(conninfo(ours.database_url)) as connection:
        left = set(connection.execute("select account, series_id, amount from position").fetchall())
    query = sql.SQL("select account, series_id, amount from {}").format(sql.Identifier(schema, "position"))
    deadline = time.monotonic() + _HEAD_SECONDS
    with psycopg.connect(conninfo(theirs.database_url), autocommit=True) as connection:
        while left != (right := set(connection.execute(query).fetchall())) and time.monotonic() < deadline:
            time.sleep(_STEP_SECONDS)
    if left != right:
        raise UserError(
            f"{PEER} has other positions: {len(left - right)} rows are only ours, {len(right - left)} only its own.",
            f"One of them: {next(iter(left ^ right))}.",
        )
