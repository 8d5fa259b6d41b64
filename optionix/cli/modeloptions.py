"""Options and words that the commands of `optionix risk` on files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ml.compute import ENGINES
from optionix.errors import UserError

FILE = click.Path(path_type=Path)
MAX_HORIZON = 90
Command = TypeVar("Command", bound=Callable[..., Any])


def engine_options(command: Command) -> Command:
    """`--engine` and `--scheduler`, for work that can be spread over machines."""
    command = click.option("--scheduler", metavar="ADDR", help="Dask scheduler, tcp://HOST:PORT.")(command)
    return click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="local",
        show_default=True,
        help="Where the work is done; the results are equal.",
    )(command)


def asset_files(given: Sequence[str]) -> list[tuple[str, Path]]:
    """Assets and files of `--bars ASSET=FILE`; UserError where one has no asset or no file."""
    found = []
    for text in given:
        asset, mark, name = text.partition("=")
        if not (mark and asset.isalnum() and name):
            raise UserError(f"--bars {text} has no asset.", "Write it as ETH=bars.parquet.")
        found.append((asset, Path(name)))
    return found


def horizon_days(text: str) -> list[int]:
    """Days of a list separated by commas; UserError where it is none."""
    try:
        days = [int(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"--horizons {text} is not a list of days.", "Write it as 1,7,30.") from None
    if not all(0 < day <= MAX_HORIZON for day in days):
        raise UserError(f"--horizons {text}: use days from 1 to {MAX_HORIZON}.")
    return list(dict.fromkeys(days))


def seconds_of(text: str | None, default: int) -> int:
    """The moment of a date, UTC unless it says otherwise; UserError where it is none."""
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is not a date.", "Write it as 2023-03-06.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@contextmanager
def progress(what: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error that is told how many pieces are done, and of how many."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda count, total: progress.update(task, completed=count, total=total)
