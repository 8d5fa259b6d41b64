"""`optionix up`, `down`, `status` and `replay`: the local stack."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError
from optionix.settings import PROJECT_ROOT, Settings, override, settings

if TYPE_CHECKING:
    from rich.live import Live

    from optionix.local.supervisor import Supervisor

DETACHED_START_SECONDS = 300.0


@click.command("up")
@click.option("--detach", is_flag=True, help="Return when everything answers; `optionix down` stops it.")
@click.option("--fresh", is_flag=True, help="Delete the data folder's old market first.")
@click.option("--port-base", type=int, metavar="N", help="Add N to every port.")
@click.option("--tcp", is_flag=True, help="Open Postgres on 5433 and Redis on 6380 too, with a password.")
@click.option("--speed", type=float, metavar="N", help="Seconds of market time in one second. Default: 600.")
@click.option("--from", "replay_from", metavar="DATE", help="First day of the replayed history. Default: 2023-03-06.")
@click.option("--without", metavar="NAMES", help="Services not to run, separated by commas.")
@click.option("--seed", metavar="TEXT", help="Seed of the replayed prices inside each bar.")
def up_command(
    detach: bool,
    fresh: bool,
    port_base: int | None,
    tcp: bool,
    speed: float | None,
    replay_from: str | None,
    without: str | None,
    seed: str | None,
) -> None:
    """Start the whole market here: chain, database, contracts, services and page."""
    # Not what an earlier run of this folder was told, but what this one is.
    override(
        port_base=port_base if port_base is not None else os.environ.get("OPTIONIX_PORT_BASE", "0"),
        tcp=tcp or os.environ.get("OPTIONIX_TCP", "false"),
        without=without if without is not None else os.environ.get("OPTIONIX_WITHOUT", ""),
        speed=speed,
        replay_from=replay_from,
        seed=seed,
    )
    found = settings()
    if detach:
        _detach(found, fresh)
    else:
        asyncio.run(_attached(found, fresh))


async def _attached(found: Settings, fresh: bool) -> None:
    from rich.console import Console

    from optionix.local.supervisor import Supervisor

    console = Console()
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{datetime.now():%H:%M:%S}[/] {line}", highlight=False, soft_wrap=True)

    live = _live(console) if console.is_terminal else None
    told = False

    def tick(supervisor: Supervisor) -> None:
        nonlocal told
        if supervisor.ready and not told:
            told = True
            say(f"ready after {time.monotonic() - started:.0f} s. {_where(supervisor.settings)}")
        if live is not None:
            live.update(_table_of(supervisor))

    supervisor = Supervisor(found, say, tick)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stopping.set)
    if live is None:
        await supervisor.run(fresh=fresh)
        return
    with live:
        await supervisor.run(fresh=fresh)


def _live(console: Any) -> Live:
    from rich.live import Live

    return Live(console=console, refresh_per_second=4, transient=True)


def _table_of(supervisor: Supervisor) -> Any:
    from optionix.local.table import Row, status_table

    rows = [
        Row(name, child.report.status, child.report.detail, child.part.address, child.restarts, child.report.figures)
        for name, child in supervisor.children.items()
    ]
    return status_table(rows, f"Optionix: {supervisor.phase} (Ctrl-C stops it)")


def _where(found: Settings) -> str:
    from optionix.chain.endpoint_name import endpoint_name
    from optionix.local.parts import services

    names = {service.name for service in services(found)}
    page = f"Page and API: {found.api_url}   " if "api" in names else ""
    return f"{page}Chain: {endpoint_name(found.rpc_url)}   Logs: {found.layout.logs}"


def _detach(found: Settings, fresh: bool) -> None:
    """Starts `up` in a session of its own and waits until everything answers, or until it gives up."""
    from optionix.local import folder
    from optionix.local.launch import last_line

    folder.claim(found.layout)
    log = found.layout.logs / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    words = ["--data-dir", str(found.data_dir), "up", *(["--fresh"] if fresh else [])]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "optionix", *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=PROJECT_ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    until = time.monotonic() + DETACHED_START_SECONDS
    phase = ""
    while time.monotonic() < until:
        if process.poll() is not None:
            raise UserError(last_line(log).removeprefix("optionix: "), exit_code=process.returncode or 1)
        state = folder.read_json(found.layout.state)
        if (state.get("supervisor") or {}).get("pid") == process.pid:
            if state.get("ready"):
                click.echo(f"ready. {_where(found)}")
                return
            if state.get("phase") != phase:
                phase = str(state["phase"])
                click.echo(phase)
        time.sleep(0.1)
    raise UserError(
        f"Not everything answers after {DETACHED_START_SECONDS:.0f} s; it goes on in the background.",
        "See `optionix status`.",
    )


@click.command("down")
def down_command() -> None:
    """Stop the local stack and everything it started."""
    from optionix.local.leftovers import take_down

    stopped = take_down(settings().layout, click.echo)
    click.echo("stopped" if stopped else "nothing was running")


@click.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """Show every part's health and address. Exits with 0 only when all is well."""
    from optionix.local.status import collect

    found = asyncio.run(collect(settings()))
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        from rich.console import Console

        from optionix.local.table import Row, status_table

        rows = [
            Row(line.name, line.status, line.detail, line.address, line.restarts, line.figures) for line in found.parts
        ]
        console = Console()
        if not console.is_terminal:
            console.width = 160
        console.print(status_table(rows, f"Optionix: {found.status} ({found.phase}) in {found.data_dir}"))
    if found.status != "healthy":
        sys.exit(1)


@click.command("replay")
@click.option("--speed", type=float, metavar="N", help="Seconds of market time in one second.")
@click.option("--pause/--resume", "paused", default=None, help="Stand still, or go on.")
@click.option("--pause-at", metavar="TIME", help="Post no round after this market time (ISO, or Unix seconds).")
@json_option
def replay_command(speed: float | None, paused: bool | None, pause_at: str | None, as_json: bool) -> None:
    """Show or steer the replayed prices of the local stack."""
    import httpx

    found = settings()
    given = {"speed": speed, "paused": paused, "pause_at": _time(pause_at) if pause_at else None}
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if paused is False:
        wanted["pause_at"] = None
    base = f"http://{found.connect_host}:{found.metrics_port('replay')}"
    try:
        answer = (
            httpx.post(f"{base}/control", json=wanted, trust_env=False)
            if wanted
            else httpx.get(f"{base}/healthz", trust_env=False)
        )
        state = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(f"The replay does not answer on {base}.", "Is the stack up? See `optionix status`.") from error
    if "error" in state:
        raise UserError(str(state["error"]))
    if as_json:
        emit_json(state)
        return
    market = datetime.fromtimestamp(state["market_time"], UTC)
    click.echo(f"{state['state']} at {market:%Y-%m-%d %H:%M:%S}, speed {state['speed']:g}")


def _time(text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--pause-at {text!r} is not a time.", "Write it as 2023-03-07T08:00.") from None
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp())
