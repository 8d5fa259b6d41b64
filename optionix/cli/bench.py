"""`optionix bench`: measure, and show the figures beside their goals."""

from __future__ import annotations

import click

from optionix.benchmarks import Figure, Report, load, names
from optionix.cli.output import emit_json
from optionix.errors import UserError


@click.command("bench", context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, and only that, on stdout.")
@click.option("--list", "as_list", is_flag=True, help="Name the benchmarks.")
def bench_command(name: str | None, words: tuple[str, ...], as_json: bool, as_list: bool) -> None:
    """Run the benchmark NAME; WORDS are its own options.

    The last line is JSON: {"bench": NAME, "figures": {...}}.
    """
    if as_list or name is None:
        if not as_list:
            raise UserError("Which benchmark?", f"There are {', '.join(sorted(names()))}.")
        if as_json:
            emit_json(names())
        else:
            for known, what in sorted(names().items()):
                click.echo(f"{known:12} {what}")
        return
    report = load(name)(words)
    if not as_json:
        _show(report)
    click.echo(report.line(name))


def _show(report: Report) -> None:
    rows = [
        (figure.name, _number(figure.value), _goal(figure), _verdict(figure), figure.note)
        for figure in (*report.figures, *report.beside)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        name, value, goal, verdict = (text.ljust(width) for text, width in zip(row[:4], widths, strict=True))
        click.echo(f"{name}  {value.strip():>{widths[1]}}  {goal}  {verdict}  {row[4]}".rstrip())
    for sentence in report.conditions:
        click.echo(sentence)


def _number(value: float) -> str:
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2e}" if abs(value) < 1e-3 else f"{value:.4f}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'>=' if figure.at_least else '<='} {_number(figure.goal)}"


def _verdict(figure: Figure) -> str:
    return {None: "", True: "reached", False: "MISSED"}[figure.reached]
