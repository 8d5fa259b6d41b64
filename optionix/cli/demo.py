"""`optionix demo`: plays a whole life of the market on the local stack and has it judged."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from optionix.cli.output import emit_json, json_option
from optionix.settings import Settings

SHOWN_DIFFERENCES = 20
FINAL_SECONDS = 60.0


@click.command("demo")
@click.option(
    "--kill",
    "victims",
    default="",
    metavar="PARTS",
    help="Parts to kill (-9) in the middle, such as indexer,keeper: the market must not mind.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Keep the transcript, which `python -m oracle` in tests/ judges again.",
)
@json_option
def demo_command(victims: str, save: Path | None, as_json: bool) -> None:
    """Play deposits, trades, a spread, expiry and leaving; compare every balance with an independent model.

    Runs on the running local stack, or starts one for itself and stops it afterwards.
    """
    started = time.monotonic()
    parts = [part.strip() for part in victims.split(",") if part.strip()]

    def say(sentence: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {sentence}", err=True)

    from optionix.demo.stack import borrowed_stack

    with borrowed_stack(say) as config:
        report = _play(config, say, parts, save)
    report["seconds"] = round(time.monotonic() - started, 1)
    if as_json:
        emit_json(report)
    else:
        _tell(report)
    if not report["ok"]:
        sys.exit(1)


def _play(config: Settings, say: Any, victims: list[str], save: Path | None) -> dict[str, Any]:
    from optionix.demo.judgement import differences, expected_state
    from optionix.demo.life import Life
    from optionix.demo.stack import audit, market_paused, wait_until_final
    from optionix.demo.transcript import transcript

    life = Life(config, say)
    try:
        life.play(at_half_time=lambda: _kill(config, victims, say))
        with market_paused(config):
            last = life.chain.head().number
            say(f"the story ends in block {last}; the independent model replays the chain")
            record = transcript(life.chain, last)
            if save is not None:
                save.write_text(json.dumps(record))
            compared, found = differences(life.chain, expected_state(record), last)
        say(f"{compared} numbers compared, {len(found)} differ")
        wait_until_final(config, last, FINAL_SECONDS)
        audited = audit(config)
        say(f"audit at block {audited['block']}: {audited['checked']} rows, drift {audited['drift']}")
        return {
            "ok": not found and audited["drift"] == 0,
            "block": last,
            "transactions": len(record["transactions"]),
            "compared": compared,
            "differences": [asdict(each) for each in found],
            "audit": audited,
            "killed": victims,
        }
    finally:
        life.close()


def _kill(config: Settings, victims: list[str], say: Any) -> None:
    from optionix.demo.stack import process_of

    for part in victims:
        pid = process_of(config, part)
        os.kill(pid, signal.SIGKILL)
        say(f"killed {part} (pid {pid}) with -9")


def _tell(report: dict[str, Any]) -> None:
    for each in report["differences"][:SHOWN_DIFFERENCES]:
        click.echo(f"differs: {each['what']}: expected {each['expected']}, the chain has {each['chain']}")
    more = len(report["differences"]) - SHOWN_DIFFERENCES
    if more > 0:
        click.echo(f"... and {more} more")
    verdict = "every balance is exact" if report["ok"] else "something is off"
    click.echo(
        f"{verdict}: {report['compared']} numbers against the independent model, "
        f"{report['audit']['checked']} rows against the contracts, {report['seconds']} s"
    )
