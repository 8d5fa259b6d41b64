"""What is done once the stores run and before the services start: tables, contracts, a market to trade on."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from optionix.data import ASSETS, load_bars
from optionix.errors import UserError
from optionix.local import parts
from optionix.local.anvil import Anvil
from optionix.local.folder import read_json, write_json
from optionix.local.launch import Launch
from optionix.local.postgres import EmbeddedPostgres
from optionix.local.replay_model import ANSWER_UNIT, PricePath
from optionix.settings import PROJECT_ROOT, Settings


@dataclass(frozen=True)
class Step:
    """A command that must succeed before the services start; each does only what is missing.

    Parameters
    ----------
    name
        Name of its log.
    doing
        What it does, in words, for the terminal.
    command
        Makes its command line, when the stores run.

    A market that was prepared once from the same sources is not prepared again (`Preparation`).
    """

    name: str
    doing: str
    command: Callable[[], Launch]


def genesis_time(settings: Settings) -> int:
    """Market time at which a new chain begins, Unix seconds.

    Raises
    ------
    UserError
        `replay_from` is no date, or lies outside the shipped history.
    """
    try:
        day = datetime.fromisoformat(settings.replay_from)
    except ValueError:
        raise UserError(f"--from {settings.replay_from!r} is not a date.", "Write it as 2023-03-06.") from None
    begin = int(day.replace(tzinfo=day.tzinfo or UTC).timestamp())
    first = max(int(load_bars(asset).ts[0]) for asset in ASSETS)
    last = min(load_bars(asset).end for asset in ASSETS)
    if not first <= begin < last:
        span = " to ".join(f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d}" for t in (first, last - 1))
        raise UserError(f"There are no prices for --from {settings.replay_from}.", f"The shipped history is {span}.")
    return begin


def spots(settings: Settings, timestamp: int) -> dict[str, str]:
    """The replayed prices at a market time, as decimal text by asset."""
    prices = {asset: PricePath(load_bars(asset), settings.seed).at(timestamp) for asset in ASSETS}
    return {asset: f"{price // ANSWER_UNIT}.{price % ANSWER_UNIT:08d}" for asset, price in prices.items()}


def compilation(settings: Settings) -> Step:
    """What comes before a new chain: its clock runs from its first block, and a compiler takes hours of market time."""
    compiling = "from optionix.chain.artifacts import compile_contracts; compile_contracts()"
    return Step("compile", "compiling the contracts", lambda: parts.python(settings, "compile", "-c", compiling))


def registry(settings: Settings, chain: Anvil) -> tuple[Step, ...]:
    """The steps in their order. A part of the system that has to prepare something adds its line here."""

    def seed() -> Launch:
        head = int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        prices = (f"--spot={asset}={price}" for asset, price in spots(settings, head).items())
        return parts.python(settings, "seed", "-m", "optionix", "seed", "--network", "local", "--json", *prices)

    return (
        Step(
            "deploy",
            "deploying the contracts",
            lambda: parts.python(settings, "deploy", "-m", "optionix", "deploy", "--network", "local", "--json"),
        ),
        Step("seed", "listing options, funding vaults and demo accounts", seed),
    )


class Preparation:
    """The note that a chain was prepared, with what: a warm start then skips every step.

    Parameters
    ----------
    settings
        Says where the note lies.
    """

    def __init__(self, settings: Settings) -> None:
        self._note = settings.layout.anvil / "prepared.json"

    def holds(self, chain: Anvil) -> bool:
        """Whether this very chain was prepared, all steps to the end, from the sources as they are now."""
        return read_json(self._note) == self._now(chain)

    def write(self, chain: Anvil) -> None:
        """Notes that it was."""
        write_json(self._note, self._now(chain))

    def forget(self) -> None:
        """Takes the note away: the chain is another."""
        self._note.unlink(missing_ok=True)

    def _now(self, chain: Anvil) -> dict[str, str]:
        sources = hashlib.sha256()
        chosen = [*(PROJECT_ROOT / "contracts").rglob("*.sol"), *(PROJECT_ROOT / "optionix" / "chain").rglob("*")]
        for path in sorted(path for path in chosen if path.suffix in (".sol", ".py", ".toml")):
            sources.update(path.read_bytes())
        first = chain.rpc("eth_getBlockByNumber", "0x1", False) or {}
        return {"chain": str(first.get("hash")), "sources": sources.hexdigest()}


def genesis_note(settings: Settings, chain: Anvil) -> str | None:
    """What to say where a continued chain began at another time than the settings ask for, or None."""
    begun = int(chain.rpc("eth_getBlockByNumber", "0x0", False)["timestamp"], 16)
    if begun == genesis_time(settings):
        return None
    return f"the market goes on: it began at {datetime.fromtimestamp(begun, UTC):%Y-%m-%d}; --fresh begins another"


def chain_continues(chain: Anvil, postgres: EmbeddedPostgres) -> bool:
    """Whether the tables belong to the chain that runs: its block at the tables' checkpoint is the very one they hold.

    A chain killed before it wrote its state comes back older than what was indexed; its tables cannot be kept then.
    """
    with psycopg.connect(postgres.conninfo(), autocommit=True) as session:
        if session.execute("select to_regclass('checkpoint')").fetchone() == (None,):
            return True
        row = session.execute(
            "select block_number, block_hash from checkpoint where chain_id = %s", [chain.chain_id]
        ).fetchone()
    if row is None:
        return True
    block = chain.rpc("eth_getBlockByNumber", hex(int(row[0])), False)
    return block is not None and str(block["hash"]).lower() == str(row[1]).lower()


def require_built(node_modules: Path) -> None:
    """Refuses to start without the npm packages.

    Raises
    ------
    UserError
        They were not installed.
    """
    if not node_modules.is_dir():
        raise UserError(f"The npm packages are missing ({node_modules}).", "Run `make up`, which runs `npm ci`.")


def failure(step: Step, process: subprocess.Popen[bytes], log: Path, words: str) -> UserError:
    """A failed step as one line."""
    said = words.removeprefix("optionix: ")
    return UserError(
        f"{step.doing[0].upper()}{step.doing[1:]} failed (code {process.returncode}): {said}", f"See {log}."
    )
