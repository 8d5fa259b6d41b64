"""The jobs by name: plain async functions that say what is due. They neither sign transactions nor send any."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keeper.actions import Action
from keeper.context import Context
from keeper.jobs.books import books
from keeper.jobs.listing import listing
from keeper.jobs.outages import outages
from keeper.jobs.queues import queues
from keeper.jobs.redemptions import redemptions
from keeper.jobs.settle import checkpoints, settle
from keeper.jobs.surfaces import surfaces

Plan = Callable[[Context], Awaitable[list[Action]]]


@dataclass(frozen=True)
class Job:
    """A job and how often (seconds of wall time) it looks."""

    name: str
    plan: Plan
    every: float


JOBS = (
    Job("settle", settle, 0.5),
    Job("checkpoints", checkpoints, 1.0),
    Job("surfaces", surfaces, 1.0),
    Job("books", books, 1.0),
    Job("queues", queues, 1.0),
    Job("outages", outages, 5.0),
    Job("redemptions", redemptions, 1.0),
    Job("listing", listing, 3.0),
)
"""In the order in which `--once` runs them; `watch` is added by the runner, which knows the sender."""
NAMES = (*(job.name for job in JOBS), "watch")
