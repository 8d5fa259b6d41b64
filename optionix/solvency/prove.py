"""The whole proof: logs, holdings, identities, and what each account is owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import ChainError, WrongChain
from optionix.chain.logs import logs_between
from optionix.chain.rpc import Rpc, block_tag
from optionix.solvency.holdings import Holdings, read_holdings
from optionix.solvency.identities import Balance, Identity, balances, check_all, claim_of, worst_loss
from optionix.solvency.ledger import STRIKE_BITS, Ledger
from optionix.solvency.merkle import Owed, Tree, leaf

_CONTRACTS = ("Markets", "Clearinghouse", "OptionToken")
Report = Callable[[str], None]
"""Takes one line of progress."""


class BlockMoved(ChainError):
    """The chain was reorganised while it was read."""


@dataclass(frozen=True, slots=True)
class BookOwed:
    """A book that is not settled: what it has locked and the most it can lose, token units."""

    key: int
    token: str
    locked: int
    worst_loss: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account's liabilities: by token, and its books."""

    address: str
    owed: tuple[Owed, ...]
    books: tuple[BookOwed, ...]


@dataclass(frozen=True)
class Proof:
    """What was found at one block.

    Attributes
    ----------
    logs : how many logs of the contracts there are from the first block.
    root : of the tree of `accounts`, see `optionix.solvency.merkle`.
    """

    network: str
    chain_id: int
    block: int
    block_hash: str
    logs: int
    balances: tuple[Balance, ...]
    identities: tuple[Identity, ...]
    accounts: tuple[Account, ...]
    root: str

    @property
    def holds(self) -> bool:
        """Whether every identity holds."""
        return all(identity.holds for identity in self.identities)

    def inclusion(self, address: str) -> dict[str, Any]:
        """An account's leaf with its way to the root.

        Raises
        ------
        UnknownAccount
            For an account that is owed nothing.
        """
        account = next((each for each in self.accounts if each.address == address.lower()), None)
        if account is None:
            raise UnknownAccount(f"{address} is owed nothing at block {self.block}: it has no leaf.")
        value = leaf(account.address, account.owed)
        return {
            "account": account.address,
            "owed": [_owed_json(each) for each in account.owed],
            "leaf": "0x" + value.hex(),
            "proof": ["0x" + each.hex() for each in _tree(self.accounts).proof(value)],
            "root": self.root,
        }

    def as_json(self) -> dict[str, Any]:
        """For `--json`; amounts as text, for they may be wide."""
        return {
            "network": self.network,
            "chain_id": self.chain_id,
            "block": self.block,
            "block_hash": self.block_hash,
            "logs": self.logs,
            "holds": self.holds,
            "tokens": [
                {
                    "token": each.token,
                    "assets": str(each.held),
                    "liabilities": str(each.liabilities),
                    "free": str(each.free),
                    "locked": str(each.locked),
                    "fee_pots": str(each.pots),
                    "settling": str(each.settling),
                    "surplus": str(each.surplus),
                }
                for each in self.balances
            ],
            "identities": [
                {
                    "name": each.name,
                    "statement": each.statement,
                    "cases": each.cases,
                    "holds": each.holds,
                    "failures": [{"subject": failure.subject, "why": failure.why} for failure in each.failures],
                }
                for each in self.identities
            ],
            "accounts": [
                {
                    "account": each.address,
                    "owed": [_owed_json(owed) for owed in each.owed],
                    "books": [
                        {
                            "book_key": str(book.key),
                            "token": book.token,
                            "locked": str(book.locked),
                            "worst_loss": str(book.worst_loss),
                        }
                        for book in each.books
                    ],
                }
                for each in self.accounts
            ],
            "root": self.root,
        }


class UnknownAccount(ChainError):
    """An account without a leaf."""


def _owed_json(owed: Owed) -> dict[str, str]:
    return {"token": owed.token, "free": str(owed.free), "locked": str(owed.locked), "claims": str(owed.claims)}


async def prove(rpc: Rpc, deployment: Deployment, at: int | str = "finalized", report: Report | None = None) -> Proof:
    """Prove a deployment's solvency at a block.

    Parameters
    ----------
    at : a block number, or a tag as nodes know them.
    report : told how far it is.

    Raises
    ------
    WrongChain, RpcUnavailable, RpcError, StateGone, BlockMoved
        When the endpoint cannot say enough.
    """
    say = report or (lambda _: None)
    await rpc.require_chain(deployment.chain_id)
    genesis = await rpc.block(0)
    if genesis is None or genesis["hash"] != deployment.genesis_hash:
        raise WrongChain(f"{rpc.name} serves another chain {deployment.chain_id} than the deployment is on.")
    header = await rpc.block(at)
    if header is None:
        raise BlockMoved(f"the endpoint has no block {at}.", "Ask for an older --block.")
    number, block_hash = int(header["number"], 16), str(header["hash"])
    ledger = await _replayed(rpc, deployment, number, say)
    say(f"{ledger.logs} logs; asking the contracts")
    held = await read_holdings(rpc, deployment, ledger, block_hash)
    again = await rpc.call("eth_getBlockByNumber", block_tag(number), False)
    if again is None or again["hash"] != block_hash:
        raise BlockMoved(f"block {number} was taken back while it was read.", "Run it again.")
    accounts = _accounts(ledger, held)
    return Proof(
        network=deployment.network,
        chain_id=deployment.chain_id,
        block=number,
        block_hash=block_hash,
        logs=ledger.logs,
        balances=tuple(balances(ledger, held)),
        identities=tuple(check_all(ledger, held)),
        accounts=accounts,
        root="0x" + _tree(accounts).root.hex(),
    )


async def _replayed(rpc: Rpc, deployment: Deployment, last: int, say: Report) -> Ledger:
    vaults = [vault.address.lower() for vault in deployment.vaults]
    contracts = {deployment.address(name).lower(): name for name in _CONTRACTS}
    contracts |= dict.fromkeys(vaults, "OptionVault")
    ledger = Ledger(vaults)
    first = deployment.block
    async for upto, logs in logs_between(rpc, list(contracts), first, last):
        for log in logs:
            address = log["address"].lower()
            told = load_abi(contracts[address]).decode_log(log)
            if told is not None:
                ledger.apply(contracts[address], address, *told)
        say(f"logs up to block {upto} of {last}")
    return ledger


def _accounts(ledger: Ledger, held: Holdings) -> tuple[Account, ...]:
    sums: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    books: dict[str, list[BookOwed]] = defaultdict(list)
    for (account, token), assets in held.free.items():
        sums[account][token][0] += assets
    for (account, key), book in sorted(held.books.items()):
        token = ledger.token(key)
        sums[account][token][1] += book.locked
        if book.legs or book.locked:
            books[account].append(BookOwed(key, token, book.locked, worst_loss(key, book, ledger.scale(key))))
    for (account, series), amount in held.held.items():
        sums[account][ledger.token(series >> STRIKE_BITS)][2] += claim_of(ledger, held.prices, series, amount)
    found = []
    for account, tokens in sorted(sums.items()):
        owed = tuple(Owed(token, *values) for token, values in sorted(tokens.items()) if any(values))
        if owed:
            found.append(Account(account, owed, tuple(books[account])))
    return tuple(found)


def _tree(accounts: tuple[Account, ...]) -> Tree:
    return Tree([leaf(each.address, each.owed) for each in accounts])
