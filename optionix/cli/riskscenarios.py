"""`optionix risk scenarios`: what a portfolio would have stood to lose at each snapshot of a chain file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optionix.cli.legs import split_leg
from optionix.cli.modeloptions import FILE, engine_options, progress
from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

if TYPE_CHECKING:
    from ml.compute import Engine


@click.command()
@click.argument("legs", nargs=-1, required=True, metavar="INSTRUMENT=AMOUNT...")
@click.option("--chain", required=True, type=FILE, help="CSV or Parquet of option quotes.")
@click.option("--out", required=True, type=FILE, help="File for one line of JSON a snapshot.")
@engine_options
@json_option
def scenarios(
    legs: tuple[str, ...], chain: Path, out: Path, engine: Engine, scheduler: str | None, as_json: bool
) -> None:
    """Run the scenario grid over a portfolio at every snapshot of a chain file: ETH-26JUN26-3000-C=-1 (written)."""
    from ml.calibration.quotes import read_chain, snapshots
    from ml.chain_scenarios import BadLegs, holdings_of, run

    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent}.", "Make it first.")
    try:
        holdings = holdings_of([split_leg(text) for text in legs])
    except BadLegs as error:
        raise UserError(f"{error}.", "Write a leg as ETH-26JUN26-3000-C=-1.5.") from error
    taken = list(snapshots(read_chain(chain)))
    with progress("revaluing", as_json) as done:
        found = run(taken, holdings, engine, scheduler, done)
    if not found:
        raise UserError(f"{chain} has no snapshot that prices every leg.", "Are their expiries in it?")
    with out.open("w", encoding="utf-8") as lines:
        for moment, entry in found:
            lines.write(json.dumps({"ts": moment.isoformat()} | asdict(entry), allow_nan=False) + "\n")
    worst = min(found, key=lambda pair: pair[1].binding.counted)
    document = {
        "snapshots": len(taken),
        "priced": len(found),
        "worst": {"ts": worst[0].isoformat(), "counted": worst[1].binding.counted} | asdict(worst[1].binding),
        "out": str(out),
    }
    if as_json:
        emit_json(document)
        return
    click.echo(f"{len(found):,} of {len(taken):,} snapshots price every leg: {out}")
    click.echo(
        f"the worst counts {worst[1].binding.counted:,.2f}: on {worst[0]:%Y-%m-%d} with the spot "
        f"{worst[1].binding.spot_move:+.0%} and volatility {worst[1].binding.volatility_move:+.0%}"
    )
