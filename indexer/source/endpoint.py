"""The questions that the indexer asks a node, each answer checked against itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from eth_utils.crypto import keccak

from indexer.block import Block
from indexer.errors import Malformed, SourceLies, WrongGenesis
from indexer.logs import pack
from indexer.source.receipts import is_authentic
from optionix.chain.abi import AbiError
from optionix.chain.errors import RpcError, WrongChain
from optionix.chain.rpc import Rpc

Log = Mapping[str, Any]
_BLOOM_BITS = 2048
_FORM_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, AbiError)
"""What an answer runs into that does not have the form that it has to have."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block and the bloom filter of its logs, None where the node gives none.

    Attributes
    ----------
    authentic : whether all that the node gave of the header hashes to the block's hash.
    """

    block: Block
    bloom: int | None
    authentic: bool


@dataclass(frozen=True, slots=True)
class View:
    """What a node says of the chain above a block.

    Attributes
    ----------
    tip : the block at the asked number now, None where the chain is shorter.
    following : the blocks after it, in order, as many as were asked for and there are; each is the parent of the next.
    finalized : number of the newest final block.
    """

    tip: Block | None
    following: list[Header]
    finalized: int
    head: Block


P = ParamSpec("P")
T = TypeVar("T")


def _well_formed(
    question: Callable[Concatenate[Endpoint, P], Awaitable[T]],
) -> Callable[Concatenate[Endpoint, P], Coroutine[Any, Any, T]]:
    """A question whose answer is refused where it does not have the form that it has to have."""

    async def asked(self: Endpoint, /, *args: P.args, **more: P.kwargs) -> T:
        try:
            return await question(self, *args, **more)
        except _FORM_ERRORS as error:
            raise SourceLies(
                f"{self.rpc.name}: an answer of unknown form to {question.__name__} ({error!r})"
            ) from error

    update_wrapper(asked, question)
    return asked


class Endpoint:
    """A node that serves one chain.

    Parameters
    ----------
    addresses : the contracts whose logs are asked for, lower case.
    finality : `finalized`, or how many blocks below the head are final.
    """

    def __init__(self, rpc: Rpc, addresses: Sequence[str], finality: Literal["finalized"] | int) -> None:
        self.rpc = rpc
        self._addresses = list(addresses)
        self._known = frozenset(addresses)
        self._blooms = [bloom_of(address) for address in addresses]
        self._finality = finality

    @_well_formed
    async def require_genesis(self, chain_id: int, genesis_hash: str) -> None:
        """Refuse a node of another chain.

        Raises
        ------
        WrongChain, WrongGenesis
        """
        chain, genesis = await self.rpc.batch([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
        if int(chain, 16) != chain_id:
            raise WrongChain(f"{self.rpc.name} serves chain {int(chain, 16)}, not {chain_id}: check the endpoint")
        served = genesis["hash"]
        if served != genesis_hash:
            raise WrongGenesis(
                f"{self.rpc.name} serves a chain that began with block {served}, the deployment is of the one that"
                f" began with {genesis_hash}.",
                "Point OPTIONIX_RPC_URL at the right node, or deploy again.",
            )

    async def read(self, reading: Callable[[Rpc], Awaitable[T]]) -> T:
        """What somebody reads by requests of their own.

        Raises
        ------
        SourceLies
            When an answer does not have the form that it has to have.
        """
        try:
            return await reading(self.rpc)
        except _FORM_ERRORS as error:
            raise Malformed(f"{self.rpc.name}: an answer of unknown form ({error!r})") from error

    @_well_formed
    async def block(self, number: int) -> Block:
        """A block that must be there."""
        header = await self.rpc.block(number)
        if header is None:
            raise Malformed(f"{self.rpc.name} has no block {number}, which is below its head")
        return Block.of_header(header)

    @_well_formed
    async def view(self, tip: int, count: int) -> View:
        """The chain above block `tip`, at most `count` blocks of it, in one request."""
        calls: list[tuple[str, Sequence[Any]]] = [
            ("eth_getBlockByNumber", [hex(number), False]) for number in range(tip, tip + count + 1)
        ]
        if self._finality == "finalized":
            calls.append(("eth_getBlockByNumber", ["finalized", False]))
        calls.append(("eth_getBlockByNumber", ["latest", False]))
        *answers, latest = await self.rpc.batch(calls)
        head = Block.of_header(latest)
        if self._finality == "finalized":
            final = answers.pop()
            finalized = 0 if final is None else int(final["number"], 16)
        else:
            finalized = max(head.number - self._finality, 0)
        first, *rest = answers
        return View(None if first is None else Block.of_header(first), self._linked(first, rest), finalized, head)

    def _linked(self, tip: Mapping[str, Any] | None, headers: Sequence[Mapping[str, Any] | None]) -> list[Header]:
        """The headers as far as each names the one before it as its parent: a reorg may have come in between."""
        found: list[Header] = []
        parent = None if tip is None else tip["hash"]
        for header in headers:
            if header is None or header["parentHash"] != parent:
                break
            found.append(_header(header))
            parent = header["hash"]
        return found

    @_well_formed
    async def headers(self, numbers: Sequence[int]) -> list[Header]:
        """Headers of blocks that must be there."""
        found = await self.rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        headers = [_header(each) for each in found]
        if [header.block.number for header in headers] != list(numbers):
            raise Malformed(f"{self.rpc.name}: asked for blocks from {numbers[0]} on, got others")
        return headers

    @_well_formed
    async def head(self) -> int:
        """Number of the newest block."""
        return await self.rpc.block_number()

    @_well_formed
    async def hashes(self, numbers: Sequence[int]) -> list[str | None]:
        """Hashes of the blocks at these numbers now."""
        headers = await self.rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [None if header is None else header["hash"] for header in headers]

    @_well_formed
    async def logs_of(self, headers: Sequence[Header]) -> list[Log]:
        """All logs of some blocks, asked for by hash: those of exactly these blocks or an error.

        Raises
        ------
        SourceLies
            When a block is no longer there, or an answer holds another block's log.
        """
        wanted = [header.block for header in headers if self.may_hold(header)]
        try:
            answers = await self.rpc.batch(
                [("eth_getLogs", [{"blockHash": block.hash, "address": self._addresses}]) for block in wanted]
            )
        except RpcError as error:
            raise SourceLies(f"{self.rpc.name}: the logs of a block at the head are gone ({error})") from error
        for block, logs in zip(wanted, answers, strict=True):
            if any(log["blockHash"] != block.hash for log in logs):
                raise SourceLies(f"{self.rpc.name}: asked for the logs of block {block.hash}, got another block's")
        found = [log for logs in answers for log in sorted(logs, key=log_place)]
        pack(found, {header.block.number: header.block.timestamp for header in headers})
        return found

    @_well_formed
    async def logs_in(self, first: int, last: int) -> tuple[list[Log], Block]:
        """All logs of a final range, and its last block.

        Raises
        ------
        TooManyResults
            When the node wants fewer blocks at once.
        """
        where = {"fromBlock": hex(first), "toBlock": hex(last), "address": self._addresses}
        logs, header = await self.rpc.batch([("eth_getLogs", [where]), ("eth_getBlockByNumber", [hex(last), False])])
        if header is None or any(not first <= int(log["blockNumber"], 16) <= last for log in logs):
            raise Malformed(f"{self.rpc.name}: the answer for blocks {first} to {last} is not of these blocks")
        return sorted(logs, key=log_place), Block.of_header(header)

    @_well_formed
    async def evidence(self, block_hash: str) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]] | None]:
        """Header and receipts of a block, each None where this node has none to give."""
        header, receipts = await self.rpc.try_batch(
            [("eth_getBlockByHash", [block_hash, False]), ("eth_getBlockReceipts", [block_hash])]
        )
        return (
            None if isinstance(header, RpcError) else header,
            None if isinstance(receipts, RpcError) else receipts,
        )

    def watched(self, logs: Sequence[Log]) -> list[Log]:
        """Those of the contracts that are asked for."""
        return [log for log in logs if log["address"].lower() in self._known]

    def may_hold(self, header: Header) -> bool:
        """Whether a block may have logs of the contracts: where its bloom filter says no, there is none."""
        return header.bloom is None or any(header.bloom & bits == bits for bits in self._blooms)

    @_well_formed
    async def timestamps(self, logs: Sequence[Log]) -> dict[int, int]:
        """Times of the logs' blocks; nodes that put them into the logs are not asked again."""
        times: dict[int, int] = {}
        missing: list[int] = []
        for log in logs:
            number = int(log["blockNumber"], 16)
            if number in times:
                continue
            stamp = log.get("blockTimestamp")
            times[number] = 0 if stamp is None else int(stamp, 16)
            if stamp is None:
                missing.append(number)
        headers = await self.rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in missing])
        times |= {number: int(header["timestamp"], 16) for number, header in zip(missing, headers, strict=True)}
        return times


def _header(given: Mapping[str, Any]) -> Header:
    bloom = given.get("logsBloom")
    return Header(Block.of_header(given), None if bloom is None else int(bloom, 16), is_authentic(given))


def log_place(log: Log) -> tuple[int, int]:
    """A log's place in the chain: block number and index in the block."""
    return int(log["blockNumber"], 16), int(log["logIndex"], 16)


def bloom_of(address: str) -> int:
    """The bits that an address sets in a block's bloom filter (Yellow Paper, section 4.3.1)."""
    digest = keccak(hexstr=address)
    bits = 0
    for place in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[place : place + 2], "big") % _BLOOM_BITS)
    return bits
