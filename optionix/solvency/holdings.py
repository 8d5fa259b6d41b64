"""What the contracts themselves say, at one block, of everything that the logs mention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from optionix.chain.abi import AbiError, load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import ChainError, RpcError
from optionix.chain.multicall import REVERTED, read_many
from optionix.chain.rpc import Rpc
from optionix.solvency.ledger import NETTED, PLAIN, STRIKE_BITS, BookId, BookTold, Holder, Ledger

_TOKEN = "TestToken"
"""The ABI by which any ERC-20 token is asked for a balance."""


class StateGone(ChainError):
    """The node no longer keeps the state of the block."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that the logs tell otherwise than the contract; `contract` is its answer or why there is none."""

    kind: str
    subject: str
    logs: Any
    contract: Any


@dataclass
class VaultHeld:
    """A vault: what it owns in the Clearinghouse, and its queues."""

    asset: str
    idle: int = 0
    locked: int = 0
    supply: int = 0
    pending_assets: int = 0
    pending_shares: int = 0
    claimable_assets: int = 0
    claimable_shares: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    """Assets that each controller can withdraw."""
    written: dict[int, int] = field(default_factory=dict)


@dataclass
class Holdings:
    """All of it at one block, as the contracts answered.

    Attributes
    ----------
    tokens : units of each token that lie in the Clearinghouse.
    compared : how many values were asked for, and `differences` those that the logs tell otherwise.
    """

    tokens: dict[str, int] = field(default_factory=dict)
    free: dict[tuple[str, str], int] = field(default_factory=dict)
    books: dict[BookId, BookTold] = field(default_factory=dict)
    held: dict[Holder, int] = field(default_factory=dict)
    supply: dict[int, int] = field(default_factory=dict)
    pots: dict[int, int] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=dict)
    vaults: dict[str, VaultHeld] = field(default_factory=dict)
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    subject: str
    abi: str
    to: str
    function: str
    args: tuple[Any, ...]
    told: Any
    keep: Callable[[Any], None]
    compare: bool = True


async def read_holdings(rpc: Rpc, deployment: Deployment, ledger: Ledger, block_hash: str) -> Holdings:
    """Ask the contracts for everything, hundreds of values to a call.

    Raises
    ------
    StateGone
        When the node does not answer for the block.
    """
    found = Holdings()
    questions = list(_questions(deployment, ledger, found))
    calls = [(each.to, load_abi(each.abi).encode(each.function, *each.args)) for each in questions]
    answers = await read_many(rpc, calls, {"blockHash": block_hash})
    for question, answer in zip(questions, answers, strict=True):
        if isinstance(answer, RpcError) and answer.code != REVERTED:
            raise StateGone(
                f"the endpoint does not answer for the state of the block any more: {answer.node_message}.",
                "Ask an archive node, or for a newer --block.",
            )
        value = _decoded(question, answer)
        found.compared += question.compare
        if isinstance(value, _Refused) or (question.compare and value != question.told):
            shown = value.why if isinstance(value, _Refused) else value
            found.differences.append(Difference(question.kind, question.subject, question.told, shown))
        if not isinstance(value, _Refused):
            question.keep(value)
    return found


@dataclass(frozen=True, slots=True)
class _Refused:
    why: str


def _decoded(question: _Question, answer: str | RpcError) -> Any:
    if isinstance(answer, RpcError):
        return _Refused(f"refused: {answer.node_message}")
    try:
        return load_abi(question.abi).decode(question.function, answer, len(question.args))
    except AbiError as error:
        return _Refused(str(error))


def _questions(deployment: Deployment, ledger: Ledger, found: Holdings) -> Iterator[_Question]:
    house = deployment.address("Clearinghouse")
    for token in sorted(_tokens(ledger)):
        keep = _keeper(found.tokens, token)
        yield _Question("token", token, _TOKEN, token, "balanceOf", (house,), None, keep, compare=False)
    yield from _balances(house, ledger, found)
    yield from _books(house, ledger, found)
    yield from _options(deployment, ledger, found)
    for vault in deployment.vaults:
        address = vault.address.lower()
        market = ledger.markets.get(vault.market)
        if market is not None:
            asset = market.tokens[0 if vault.side == "CALL" else 1]
            yield from _vault(address, asset, ledger, found)


def _tokens(ledger: Ledger) -> set[str]:
    return {token for market in ledger.markets.values() for token in market.tokens} | {
        token for _, token in ledger.free
    }


def _keeper(into: dict[Any, Any], key: Any) -> Callable[[Any], None]:
    def keep(value: Any) -> None:
        into[key] = value

    return keep


def _balances(house: str, ledger: Ledger, found: Holdings) -> Iterator[_Question]:
    def ask(kind: str, subject: str, function: str, args: tuple[Any, ...], told: Any, keep: Any) -> _Question:
        return _Question(kind, subject, "Clearinghouse", house, function, args, told, keep)

    accounts = {account for account, _ in (*ledger.free, *ledger.books, *ledger.held)}
    tokens = sorted(_tokens(ledger))
    # Every account in every token: a balance that no log tells is seen too.
    for account in sorted(accounts):
        for token in tokens:
            pair, free = (account, token), ledger.free.get((account, token), 0)
            yield ask("free balance", f"{account} {token}", "freeBalance", pair, free, _keeper(found.free, pair))
    for key in sorted({*ledger.accrued, *ledger.bounties, *ledger.collected}):
        told = ledger.accrued[key] - ledger.bounties[key] - ledger.collected[key]
        yield ask("fee pot", f"{key}", "feePot", (key,), told, _keeper(found.pots, key))


def _books(house: str, ledger: Ledger, found: Holdings) -> Iterator[_Question]:
    for where, told in sorted(ledger.books.items()):
        account, key = where
        subject = f"{account} {key}"
        book = found.books.setdefault(where, BookTold(told.kind))

        def keep_book(value: Any, book: BookTold = book) -> None:
            book.kind, book.locked = value["kind"], value["locked"]

        shown = {"kind": told.kind, "legCount": len(told.legs), "locked": told.locked}
        yield _Question("book", subject, "Clearinghouse", house, "book", where, shown, keep_book)
        if told.kind == NETTED:

            def keep_legs(value: Any, book: BookTold = book) -> None:
                book.legs = {leg["strike"]: leg["amount"] for leg in value}

            legs = tuple({"strike": strike, "amount": told.legs[strike]} for strike in sorted(told.legs))
            yield _Question("book", f"{subject} legs", "Clearinghouse", house, "legs", where, legs, keep_legs)
        elif told.kind == PLAIN:
            for strike in sorted(ledger.mentioned[where]):

                def keep_leg(value: Any, book: BookTold = book, strike: int = strike) -> None:
                    if value:
                        book.legs[strike] = value

                series = key << STRIKE_BITS | strike
                amount = told.legs.get(strike, 0)
                leg = (account, series)
                yield _Question("leg", f"{account} {series}", "Clearinghouse", house, "leg", leg, amount, keep_leg)


def _options(deployment: Deployment, ledger: Ledger, found: Holdings) -> Iterator[_Question]:
    token, markets = deployment.address("OptionToken"), deployment.address("Markets")
    for holder, amount in sorted(ledger.held.items()):
        subject, keep = f"{holder[0]} {holder[1]}", _keeper(found.held, holder)
        yield _Question("option", subject, "OptionToken", token, "balanceOf", holder, amount, keep)
    for series in sorted(ledger.supply):
        keep = _keeper(found.supply, series)
        told = ledger.supply[series]
        yield _Question("supply", f"{series}", "OptionToken", token, "totalSupply", (series,), told, keep)
    keys = {key for _, key in ledger.books} | {series >> STRIKE_BITS for series in ledger.supply}
    for key in sorted(keys):
        market, expiry = key >> 48, key & (1 << 40) - 1
        price = ledger.price(key) or 0

        def keep_price(value: Any, key: int = key) -> None:
            if value[0]:
                found.prices[key] = value[0]

        args = (market, expiry)
        yield _Question(
            "settlement", f"{market} {expiry}", "Markets", markets, "settlement", args, _Price(price), keep_price
        )


class _Price:
    """A settlement price, whoever settled."""

    def __init__(self, price: int) -> None:
        self.price = price

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and other[0] == self.price

    def __hash__(self) -> int:
        return hash(self.price)

    def __str__(self) -> str:
        return str(self.price)


def _vault(address: str, asset: str, ledger: Ledger, found: Holdings) -> Iterator[_Question]:
    told, held = ledger.vaults[address], found.vaults.setdefault(address, VaultHeld(asset))

    def ask(what: str, function: str, args: tuple[Any, ...], told: Any, keep: Any, compare: bool = True) -> _Question:
        return _Question("vault", f"{address} {what}", "OptionVault", address, function, args, told, keep, compare)

    def attribute(name: str) -> Callable[[Any], None]:
        return lambda value: setattr(held, name, value)

    def queues(value: Sequence[int]) -> None:
        held.pending_assets, held.pending_shares, held.claimable_assets, held.claimable_shares = value

    yield ask("supply", "totalSupply", (), told.supply, attribute("supply"))
    yield ask("idle assets", "idleAssets", (), None, attribute("idle"), compare=False)
    yield ask("locked assets", "lockedAssets", (), None, attribute("locked"), compare=False)
    sums = (told.pending_assets, told.pending_shares, told.claimable_assets, told.claimable_shares)
    yield ask("queues", "queueTotals", (), sums, queues)
    for account, shares in sorted(told.shares.items()):
        yield ask(f"shares of {account}", "balanceOf", (account,), shares, _keeper(held.shares, account))
    for controller in sorted(told.claims):
        keep = _keeper(held.claims, controller)
        yield ask(f"claim of {controller}", "maxWithdraw", (controller,), None, keep, compare=False)
    for series, amount in sorted(told.written.items()):
        yield ask(f"written {series}", "written", (series,), amount, _keeper(held.written, series))
