"""Several endpoints of one network as one source: the first that is well answers, and they watch one another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from indexer.block import Block
from indexer.errors import Malformed, SourceLies, WrongGenesis
from indexer.logs import Trace, traces
from indexer.source.bench import Bench, Fault, Member
from indexer.source.endpoint import Endpoint, Header, Log, View, log_place
from indexer.source.past import Extent, Past, PastLie
from indexer.source.receipts import Unproven, proven_logs
from optionix.chain.errors import ChainError, RateLimited, RpcError, RpcUnavailable, TooManyResults, WrongChain
from optionix.chain.rpc import Rpc

T = TypeVar("T")
_STALE_BLOCKS = 2
"""An endpoint that is further than this behind another, twice in a row, is stale."""
_HEAD_CHECK_SECONDS = 2.0
_PAUSES = (0.05, 0.15, 0.45)
"""Seconds before the same question is asked again; together less than a block of most chains."""
_PROVEN_BLOCKS = 8
"""Blocks that are proven where two endpoints disagree about a range: one is enough to know who lied."""
_MOST_WAIT_SECONDS = 5.0
"""Who asks for fewer requests is waited for; for longer than this the question is given up."""
_FAILURES = (ChainError, SourceLies, WrongGenesis)
"""What an endpoint is benched for."""
_WRONG = (WrongChain, WrongGenesis)


class Pool:
    """A network's endpoints, asked in the order given as far as they are well.

    An endpoint is asked for the chain's id and genesis before its first answer counts, and again after each fault. A
    final range is asked of two where there are two, and compared; of one, as much of it is proven as `backfill` says.
    """

    def __init__(
        self,
        network: str,
        endpoints: Sequence[Endpoint],
        clock: Callable[[], float] = time.monotonic,
        *,
        backfill: Extent = Extent.SAMPLE,
    ) -> None:
        self.bench = Bench(network, endpoints, clock)
        self._past = Past(network, backfill, clock=clock)
        self._clock = clock
        self._identity: tuple[int, str] | None = None
        self._servers: dict[str, Member] = {}
        self._heads_checked = 0.0
        self._behind: Member | None = None

    @property
    def first(self) -> Endpoint:
        """The preferred endpoint, for what does not depend on who answers."""
        return self.bench.members[0].endpoint

    def preferred(self) -> Rpc:
        """The endpoint to ask at this time for what nobody compares.

        Raises
        ------
        RateLimited, SourceLies
            There is none.
        """
        return self.bench.ready()[0].endpoint.rpc

    async def require_genesis(self, chain_id: int, genesis_hash: str) -> None:
        """Refuse endpoints of another chain; one that serves the right one is enough.

        Raises
        ------
        WrongChain, WrongGenesis
            All that answer serve another chain.
        """
        self._identity = (chain_id, genesis_hash)
        await self._ask(_nothing)

    async def read(self, reading: Callable[[Rpc], Awaitable[T]]) -> T:
        """See `Endpoint.read`; a reading that fails is begun anew with the next endpoint."""
        return (await self._ask(lambda endpoint: endpoint.read(reading)))[0]

    async def block(self, number: int) -> Block:
        """A block that must be there."""
        return (await self._ask(lambda endpoint: endpoint.block(number)))[0]

    async def view(self, tip: int, count: int) -> View:
        """See `Endpoint.view`."""
        view, member = await self._ask(lambda endpoint: endpoint.view(tip, count))
        if not view.following:
            await self._compare_heads(member, view.head.number)
        return view

    async def hashes(self, numbers: Sequence[int]) -> list[str | None]:
        """See `Endpoint.hashes`."""
        return (await self._ask(lambda endpoint: endpoint.hashes(numbers)))[0]

    async def logs_of(self, headers: Sequence[Header]) -> list[Log]:
        """See `Endpoint.logs_of`. `server` tells who said so."""
        logs, member = await self._ask(lambda endpoint: endpoint.logs_of(headers))
        self._servers |= {header.block.hash: member for header in headers}
        return logs

    async def timestamps(self, logs: Sequence[Log]) -> dict[int, int]:
        """See `Endpoint.timestamps`."""
        return (await self._ask(lambda endpoint: endpoint.timestamps(logs)))[0]

    async def logs_in(self, first: int, last: int) -> tuple[list[Log], Block]:
        """All logs of a final range, as two endpoints say them where there are two, else as one proves.

        Raises
        ------
        TooManyResults
            When one of them wants fewer blocks at once.
        SourceLies
            They did not agree, or one does not prove what it tells; who was wrong is benched.
        """
        found, member = await self._ask(lambda endpoint: endpoint.logs_in(first, last))
        for other in self._others(member):
            second = await self._try(other, lambda endpoint: endpoint.logs_in(first, last))
            if second is None:
                continue
            if traces(found[0]) == traces(second[0]) and found[1].hash == second[1].hash:
                return found
            await self._judge(member, found[0], other, second[0])
            raise SourceLies(f"{member.name} and {other.name} tell blocks {first} to {last} differently")
        try:
            await self._past.prove(member.endpoint, first, last, *found)
        except PastLie as lie:
            self.bench.put(member, Fault.LIED, str(lie))
            raise SourceLies(
                f"{member.name}: {lie}.",
                "What it told of blocks before may be as wrong: index anew with `optionix index --fresh` from another.",
            ) from lie
        return found

    async def still_has(self, block: Block) -> bool:
        """Whether some endpoint has a block that another does not have yet; then the other is benched as stale."""
        members = self.bench.ready()
        served = await self._hashes_by_member(members, block.number) if len(members) > 1 else {}
        behind = [member for member, found in served.items() if found is None]
        keeps = block.hash in served.values()
        for member in behind if keeps else ():
            self.bench.put(member, Fault.STALE, f"it has no block {block.number}, which others have")
        return keeps and bool(behind)

    async def still_served(self, block: Block) -> bool:
        """Whether some endpoint still serves a block that another denies; then who denies it is benched."""
        served = await self._hashes_by_member(self.bench.ready(), block.number)
        keeps = block.hash in served.values()
        for member, found in served.items() if keeps else ():
            if found != block.hash:
                self.bench.put(member, Fault.LIED, f"it denies the final block {block.number}, which others keep")
        return keeps

    # --- proof ---

    def server(self, block_hash: str) -> Member | None:
        """Who gave the logs of a block."""
        return self._servers.get(block_hash)

    def forget(self, block_hash: str) -> None:
        """Nobody will ask any more who gave the logs of a block."""
        self._servers.pop(block_hash, None)

    def watched(self, logs: Sequence[Log]) -> list[Log]:
        """Those of the contracts that are asked for."""
        return self.first.watched(logs)

    def may_hold(self, header: Header) -> bool:
        """See `Endpoint.may_hold`."""
        return self.first.may_hold(header)

    async def evidence(
        self, block_hash: str
    ) -> AsyncGenerator[tuple[Member, Mapping[str, Any] | None, Sequence[Mapping[str, Any]] | None], None]:
        """Header and receipts of a block from each endpoint that is well, who gave its logs last."""
        server = self.server(block_hash)
        for member in sorted(self.bench.ready(), key=lambda each: each is server):
            found = await self._try(member, lambda endpoint: endpoint.evidence(block_hash))
            if found is not None:
                yield member, *found

    async def other_logs_of(self, header: Header) -> AsyncGenerator[tuple[Member, list[Log]], None]:
        """The logs of a block from every other endpoint than the one that gave them."""
        server = self.server(header.block.hash)
        for member in self._others(server):
            logs = await self._try(member, lambda endpoint: endpoint.logs_of([header]))
            if logs is not None:
                yield member, logs

    # --- asking ---

    async def _ask(self, question: Callable[[Endpoint], Awaitable[T]]) -> tuple[T, Member]:
        """One answer; where nobody gives one, asked again a few times before what was done so far is given up."""
        for pause in _PAUSES:
            try:
                return await self._ask_each(question)
            except TooManyResults:
                raise
            except RateLimited as error:
                wait = pause if error.retry_after is None else error.retry_after
                if wait > _MOST_WAIT_SECONDS:
                    raise
                await asyncio.sleep(wait)
            except (RpcUnavailable, RpcError, Malformed):
                await asyncio.sleep(pause)
        return await self._ask_each(question)

    async def _ask_each(self, question: Callable[[Endpoint], Awaitable[T]]) -> tuple[T, Member]:
        failures: list[Exception] = []
        for member in self.bench.ready():
            blamed = member.blamed
            try:
                answer = await self._answer(member, question)
            except TooManyResults:
                raise
            except _FAILURES as error:
                self._blame(member, error)
                failures.append(error)
                continue
            # A fault that was found while it was asked stands.
            if member.blamed == blamed:
                self.bench.answered(member)
            return answer, member
        # Where one may only be down, another that serves the wrong chain is no reason to give up.
        failure = min(failures, key=lambda error: isinstance(error, _WRONG))
        if isinstance(failure, SourceLies):
            # Where nobody is left who is trusted, that is what has to be told.
            self.bench.ready()
        raise failure

    async def _try(self, member: Member, question: Callable[[Endpoint], Awaitable[T]]) -> T | None:
        """What a certain one answers; None where it fails, for which it is benched.

        Raises
        ------
        TooManyResults
            It wants to be asked for less, which is no fault.
        """
        try:
            return await self._answer(member, question)
        except TooManyResults:
            raise
        except _FAILURES as error:
            self._blame(member, error)
            return None

    async def _answer(self, member: Member, question: Callable[[Endpoint], Awaitable[T]]) -> T:
        """What an endpoint answers that is known to serve the right chain, and was not found lying meanwhile."""
        if self._identity is not None and not member.identified:
            await member.endpoint.require_genesis(*self._identity)
            member.identified = True
        answer = await question(member.endpoint)
        if self.bench.distrusts(member):
            raise SourceLies(f"{member.name} was asked when it was found out: {member.reason}")
        return answer

    def _blame(self, member: Member, error: Exception) -> None:
        """Bench an endpoint for what it answered."""
        if isinstance(error, _WRONG):
            self.bench.put(member, Fault.OTHER_CHAIN, str(error))
        elif isinstance(error, RateLimited):
            self.bench.put(member, Fault.RATE_LIMITED, str(error), error.retry_after)
        elif isinstance(error, (RpcUnavailable, RpcError)):
            self.bench.put(member, Fault.UNAVAILABLE, str(error))
        else:
            self.bench.put(member, Fault.CONTRADICTED, str(error))

    def _others(self, member: Member | None) -> list[Member]:
        return [each for each in self.bench.ready() if each is not member]

    async def _compare_heads(self, member: Member, head: int) -> None:
        """Bench an endpoint whose head stands still while others go on."""
        now = self._clock()
        others = self._others(member)
        if not others or now - self._heads_checked < _HEAD_CHECK_SECONDS:
            return
        self._heads_checked = now
        heads = await asyncio.gather(*(self._try(other, lambda endpoint: endpoint.head()) for other in others))
        behind = max(found or 0 for found in heads) - head
        if behind > _STALE_BLOCKS and self._behind is member:
            self.bench.put(member, Fault.STALE, f"its head {head} is {behind} blocks behind another's")
        self._behind = member if behind > _STALE_BLOCKS else None

    async def _hashes_by_member(self, members: Sequence[Member], number: int) -> dict[Member, str | None]:
        """The hash of a block now as each of those says it that answer."""
        found = {member: await self._try(member, lambda endpoint: endpoint.hashes([number])) for member in members}
        return {member: hashes[0] for member, hashes in found.items() if hashes is not None}

    # --- who is right ---

    async def _judge(self, one: Member, logs: Sequence[Log], other: Member, others_logs: Sequence[Log]) -> None:
        """Bench who told a final range wrongly: by proof of a block that they tell differently, else who has less."""
        mine, theirs = _by_block(logs), _by_block(others_logs)
        differing = sorted(block for block in mine.keys() | theirs.keys() if mine.get(block) != theirs.get(block))
        for number, block_hash in differing[:_PROVEN_BLOCKS]:
            proven = await self._proven(block_hash)
            if proven is None:
                continue
            for member, told in ((one, mine), (other, theirs)):
                if told.get((number, block_hash), []) != proven:
                    self.bench.put(member, Fault.LIED, f"it does not tell the logs of block {number} as its hash does")
            return
        if len(logs) == len(others_logs):
            self.bench.put(other, Fault.CONTRADICTED, f"it tells a final range otherwise than {one.name}")
            return
        liar, honest = (one, other) if len(logs) < len(others_logs) else (other, one)
        self.bench.put(liar, Fault.LIED, f"it holds back logs that {honest.name} gives")

    async def _proven(self, block_hash: str) -> list[Trace] | None:
        async for _, header, receipts in self.evidence(block_hash):
            try:
                return traces(self.watched(proven_logs(block_hash, header, receipts)))
            except Unproven:
                continue
        return None


async def _nothing(endpoint: Endpoint) -> None:
    """A question that only the identity answers."""


def _by_block(logs: Sequence[Log]) -> dict[tuple[int, str], list[Trace]]:
    found: dict[tuple[int, str], list[Trace]] = {}
    for log in sorted(logs, key=log_place):
        key = (int(log["blockNumber"], 16), str(log["blockHash"]))
        found.setdefault(key, []).extend(traces([log]))
    return found
