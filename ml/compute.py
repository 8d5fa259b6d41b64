"""Where many like pieces of work are done: here, or on the workers of a Dask scheduler, with equal results.

A piece is an argument that can be pickled, given to a function of a module, and depends on nothing else: which worker
does it, how often it was begun and in what order pieces end changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Literal, TypeVar

from optionix.errors import UserError

Engine = Literal["local", "dask"]
ENGINES: tuple[Engine, ...] = ("local", "dask")
CONNECT_SECONDS = 15
RETRIES = 3
"""A piece whose worker died is begun again, so many times at most."""
_IN_FLIGHT = 200
"""Pieces at a scheduler at once: their arguments are held in its workers' memory."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def each(
    work: Callable[[Given], Made],
    pieces: Sequence[Given],
    engine: Engine = "local",
    scheduler: str | None = None,
    done: Callable[[int], None] | None = None,
) -> list[Made]:
    """What `work` makes of each piece, in the order of the pieces.

    Parameters
    ----------
    engine, scheduler : `local`, or `dask` with the address of a scheduler (tcp://host:port).
    done : told how many pieces are done.

    Raises
    ------
    UserError
        There is no address, no Dask, nobody at the address, or the workers are gone.
    """
    if engine == "local":
        made = []
        for count, piece in enumerate(pieces, 1):
            made.append(work(piece))
            if done:
                done(count)
        return made
    return _on_dask(work, pieces, scheduler, done)


def _on_dask(
    work: Callable[[Given], Made], pieces: Sequence[Given], scheduler: str | None, done: Callable[[int], None] | None
) -> list[Made]:
    if not scheduler:
        raise UserError("--engine dask needs a scheduler.", "Give its address with --scheduler tcp://HOST:PORT.")
    try:
        import distributed as untyped
    except ImportError:
        raise UserError("Dask is not installed.", "Install optionix[compute].") from None
    distributed: Any = untyped
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"There is no Dask scheduler at {scheduler}: {error}.", "Is it running?") from error
    made: list[Any] = [None] * len(pieces)
    places: dict[str, int] = {}
    waiting = iter(enumerate(pieces))

    def submit(index: int, piece: Given) -> Any:
        # Not pure: equal arguments are no reason to trust an earlier answer of another version.
        future = client.submit(work, piece, pure=False, retries=RETRIES)
        places[future.key] = index
        return future

    with client, client.as_current():
        running = distributed.as_completed([submit(index, piece) for index, piece in islice(waiting, _IN_FLIGHT)])
        for count, future in enumerate(running, 1):
            try:
                made[places.pop(future.key)] = future.result()
            except distributed.KilledWorker as error:
                raise UserError(f"The workers of {scheduler} died {RETRIES} times.", "Have they memory?") from error
            future.release()
            if done:
                done(count)
            for index, piece in islice(waiting, 1):
                running.add(submit(index, piece))
    return made
