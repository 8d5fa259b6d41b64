"""What a supervisor that was killed has left running: found by pid and start, and ended; nothing else is touched."""

from __future__ import annotations

import time

from optionix.errors import UserError
from optionix.local import folder
from optionix.local.children import Say
from optionix.local.paths import Layout
from optionix.local.processes import Identity, end, find_children

STOP_SECONDS = 45.0


def supervisor_of(layout: Layout) -> Identity | None:
    """The living supervisor of a folder, or None."""
    recorded = folder.read_json(layout.state).get("supervisor")
    if not recorded:
        return None
    identity = Identity(**recorded)
    return identity if identity.alive() else None


def leftovers(layout: Layout, stack_id: str) -> list[Identity]:
    """The living children of a folder whose supervisor is gone."""
    recorded = folder.read_json(layout.state).get("processes", [])
    return find_children([Identity(**entry) for entry in recorded], stack_id)


def end_leftovers(layout: Layout, stack_id: str, say: Say) -> int:
    """Ends them; returns how many there were.

    Raises
    ------
    UserError
        One of them cannot be ended.
    """
    found = leftovers(layout, stack_id)
    if not found:
        return 0
    say(f"ending {len(found)} processes that an earlier run left behind")
    end(found)
    remaining = [identity.pid for identity in found if identity.alive()]
    if remaining:
        raise UserError(f"Processes {remaining} of an earlier run cannot be ended.", "Are they another user's?")
    return len(found)


def take_down(layout: Layout, say: Say) -> bool:
    """Stops the stack of a folder: by its supervisor, or without it when that is gone. Says whether there was one.

    Raises
    ------
    UserError
        The folder is not a stack's.
    """
    identity = folder.stack_id(layout) if layout.data_dir.is_dir() else None
    if identity is None:
        raise UserError(f"There is no local stack in {layout.data_dir}.", "Start one with `optionix up`.")
    supervisor = supervisor_of(layout)
    if supervisor is not None:
        # Its own way of stopping takes services and stores in their order.
        end([supervisor], STOP_SECONDS)
        until = time.monotonic() + 5
        while supervisor.alive() and time.monotonic() < until:
            time.sleep(0.05)
    ended = end_leftovers(layout, identity, say)
    return supervisor is not None or ended > 0
