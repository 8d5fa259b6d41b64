"""Starts everything in order, watches it, restarts what dies, and ends it all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any

from optionix.errors import UserError
from optionix.local import folder, parts, steps
from optionix.local.children import Child, Part, Say
from optionix.local.launch import last_line, signal_group
from optionix.local.leftovers import end_leftovers
from optionix.local.ports import require_free, require_node
from optionix.local.processes import Identity
from optionix.settings import Settings
from optionix.store import migrate

TICK_SECONDS = 0.2
_URLS = {"rpc_url", "ws_url", "database_url", "redis_url", "api_url", "risk_url", "postgres_host"}


class Stopped(Exception):
    """The stack was told to stop while it was starting."""


class Supervisor:
    """One run of the stack in one data folder.

    Parameters
    ----------
    settings
        Which folder, ports and prices.
    say
        Takes each thing that happens, as one line.
    on_tick
        Called every 0.2 s with this object while everything runs, for a table on a terminal.
    """

    def __init__(self, settings: Settings, say: Say, on_tick: Callable[[Supervisor], None] | None = None) -> None:
        self._given = settings
        self.settings = settings
        self.layout = settings.layout
        self.phase = "starting"
        self.ready = False
        self.children: dict[str, Child] = {}
        self.stopping = asyncio.Event()
        self._say = say
        self._on_tick = on_tick
        self._watchers: list[asyncio.Task[None]] = []
        self._step: Identity | None = None
        self._id = ""
        self._self = Identity.of(os.getpid())
        self._written_at = 0.0
        self._stores: parts.Stores

    async def run(self, *, fresh: bool = False) -> None:
        """Runs the stack until `stopping` is set.

        Parameters
        ----------
        fresh
            Delete what an earlier run left and begin a new market.

        Raises
        ------
        UserError
            It cannot start here: the reason in one line. Nothing is left running.
        """
        genesis = steps.genesis_time(self._given)
        parts.services(self._given)  # refuses what it does not know before anything is touched
        self._id = folder.claim(self.layout)
        lock = folder.Lock(self.layout)
        lock.take()
        try:
            await asyncio.to_thread(end_leftovers, self.layout, self._id, self._say)
            folder.require_space(self.layout)
            require_node()
            steps.require_built(self._given.node_modules)
            self._stores = await asyncio.to_thread(parts.stores, self._given, folder.password(self.layout), genesis)
            if fresh:
                self._stores.postgres.delete()
                folder.empty(self.layout)
            self._settle_settings()
            require_free(parts.used_ports(self.settings), self.settings.host)
            self.layout.replay.unlink(missing_ok=True)
            with contextlib.suppress(Stopped):
                await self._bring_up()
                await self._watch()
        except BaseException as error:
            self.phase = f"failed: {error}" if isinstance(error, UserError) else "failed"
            raise
        finally:
            await self._stop_all()
            lock.release()

    def _settle_settings(self) -> None:
        """The settings that children get, with the addresses really chosen; others find those in the folder."""
        found: dict[str, Any] = {"postgres_host": str(self._stores.postgres.socket_dir)}
        if self._given.tcp:
            found["stack_password"] = folder.password(self.layout)
        self.settings = Settings(**(self._given.model_dump(exclude=_URLS) | found))
        known = {name: getattr(self.settings, name) for name in ("port_base", "tcp", "without")} | found
        folder.write_json(self.layout.addresses, known, private=True)

    # --- starting ---

    async def _bring_up(self) -> None:
        stores = self._stores
        store_parts = parts.store_parts(self.settings, stores)
        await asyncio.to_thread(stores.postgres.prepare)
        stores.redis.prepare()
        self.layout.anvil.mkdir(parents=True, exist_ok=True)
        await asyncio.gather(*(self._start(store_parts[name]) for name in ("postgres", "redis")))
        await asyncio.to_thread(stores.postgres.ensure_database)
        if stores.chain.state is None or not stores.chain.state.is_file():
            await self._run_step(steps.compilation(self.settings))
        await self._bring_up_market(store_parts["chain"])

    async def _bring_up_market(self, chain: Part) -> None:
        """The chain and all that stands on it; also after the chain itself died."""
        state = self._stores.chain.state
        continued = state is not None and state.is_file()
        try:
            await self._start(chain)
        except UserError as error:
            if not continued or state is None or self.stopping.is_set():
                raise
            self._say(f"the chain cannot be continued from {state} ({error}): a new market begins")
            await asyncio.to_thread(self.children["chain"].stop)
            state.replace(state.with_suffix(".damaged"))
            continued = False
            await self._start(chain)
        await asyncio.to_thread(self._stores.chain.continue_clock)
        if not continued:
            self.layout.deployment.unlink(missing_ok=True)
            steps.Preparation(self.settings).forget()
            await self._forget()
        elif not await asyncio.to_thread(steps.chain_continues, self._stores.chain, self._stores.postgres):
            self._say("the chain came back older than its tables: they are filled anew from the chain")
            await self._forget()
        elif (note := await asyncio.to_thread(steps.genesis_note, self._given, self._stores.chain)) is not None:
            self._say(note)
        self._doing("bringing the tables up to date")
        await asyncio.to_thread(migrate.upgrade, self.settings.database_url)
        preparation = steps.Preparation(self.settings)
        if not continued or not await asyncio.to_thread(preparation.holds, self._stores.chain):
            for step in steps.registry(self.settings, self._stores.chain):
                await self._run_step(step)
            await asyncio.to_thread(preparation.write, self._stores.chain)
        self._doing("starting the services")
        for part in parts.service_parts(self.settings):
            await self._begin(part)
        self.phase = "running"
        self._write_state()

    async def _forget(self) -> None:
        """Empties the tables and Redis: what they hold belongs to another chain."""
        await asyncio.to_thread(self._stores.postgres.drop_database)
        await asyncio.to_thread(self._stores.postgres.ensure_database)
        await asyncio.to_thread(self._stores.redis.flush)

    def _doing(self, what: str) -> None:
        if self.stopping.is_set():
            raise Stopped
        self.phase = f"starting: {what}"
        self._say(what)
        self._write_state()

    async def _begin(self, part: Part) -> Child:
        """Starts a part without waiting for its answer."""
        child = self.children.get(part.name)
        if child is None:
            log = self.layout.logs / f"{part.name}.log"
            child = Child(part, log, self._id, self._say, self._write_state)
            self.children[part.name] = child
            self._watchers.append(asyncio.create_task(child.watch()))
        child.part = part
        await asyncio.to_thread(child.start)
        return child

    async def _start(self, part: Part) -> None:
        """Starts a part and waits until it answers."""
        self._doing(f"starting {part.name}")
        child = await self._begin(part)
        until = time.monotonic() + part.start_seconds
        while not child.answered:
            await self._pause()
            if (how := child.died()) is not None:
                raise UserError(f"{part.name} {how}", f"See {child.log}.")
            if time.monotonic() > until:
                raise UserError(f"{part.name} did not answer within {part.start_seconds:.0f} s.", f"See {child.log}.")

    async def _run_step(self, step: steps.Step) -> None:
        self._doing(step.doing)
        log = self.layout.logs / f"{step.name}.log"
        launch = await asyncio.to_thread(step.command)
        process = launch.start(log)
        self._step = Identity.of(process.pid)
        self._write_state()
        try:
            while process.poll() is None:
                await self._pause()
        except BaseException:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            self._step = None
        if process.returncode != 0:
            raise steps.failure(step, process, log, last_line(log))

    async def _pause(self) -> None:
        self._tick()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), TICK_SECONDS)
        if self.stopping.is_set():
            raise Stopped

    # --- watching ---

    async def _watch(self) -> None:
        while True:
            for child in list(self.children.values()):
                how = child.died()
                if how is not None:
                    await self._mend(child, how)
                else:
                    child.restart_when_due()
            if (
                not self.ready
                and self.phase == "running"
                and all(c.report.status == "ok" for c in self.children.values())
            ):
                self.ready = True
                self._say("everything answers")
                self._write_state()
            await self._pause()

    async def _mend(self, child: Child, how: str) -> None:
        if child.name != "chain":
            pause = child.schedule_restart()
            self._say(f"{child.name} {how}; starting it again in {pause:.0f} s")
            return
        self._say(f"the chain {how}; starting it and all that stands on it again")
        await self._end(part.name for part in reversed(parts.service_parts(self.settings)))
        await asyncio.sleep(child.schedule_restart())
        child.restarts += 1
        await self._bring_up_market(child.part)

    def _tick(self) -> None:
        if time.monotonic() - self._written_at > 1:
            self._write_state()
        if self._on_tick is not None:
            self._on_tick(self)

    def _write_state(self) -> None:
        """What others may know of this run; written at each start of a process, and each second as a sign of life."""
        self._written_at = time.monotonic()
        children = [child for child in self.children.values() if child.identity is not None]
        folder.write_json(
            self.layout.state,
            {
                "supervisor": vars(self._self) if self._self else None,
                "phase": self.phase,
                "ready": self.ready,
                "beat": time.time(),
                "processes": [vars(child.identity) for child in children] + ([vars(self._step)] if self._step else []),
                "parts": {
                    name: {
                        "pid": child.identity.pid if child.identity else None,
                        "restarts": child.restarts,
                        "address": child.part.address,
                        **child.report.as_json(),
                    }
                    for name, child in self.children.items()
                },
            },
        )

    # --- stopping ---

    async def _end(self, names: Iterable[str]) -> None:
        ending = [self.children[name] for name in names if name in self.children]
        await asyncio.gather(*(asyncio.to_thread(child.stop) for child in ending))

    async def _stop_all(self) -> None:
        """Ends the services, then what they stand on, whatever has happened before."""
        failed = self.phase.startswith("failed")
        if not failed:
            self.phase = "stopping"
        stores = ("chain", "redis", "postgres")
        if self.children:
            self._say("stopping")
        for watcher in self._watchers:
            watcher.cancel()
        await self._end(name for name in self.children if name not in stores)
        for name in stores:
            await self._end([name])
        if not failed:
            self.phase = "stopped"
        self.children.clear()
        with contextlib.suppress(UserError):  # a full disk must not keep anything alive
            self._write_state()
