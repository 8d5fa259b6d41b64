"""What must always hold of assets (protocol.md section 9), each as a sentence and a check over the contracts' answers.

All in integers. A book is worth `V(S)` at a settlement price S; its worst loss is `-min V` over every S, at least 0:
`optionix.pricing.book.required` for a netted book, and for a plain one the sum of what each leg can cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from optionix.instruments import STRIKE_UNIT_WAD, Side
from optionix.pricing import book as book_pricing
from optionix.pricing.payoff import collateral_up, payoff_down, payoff_up
from optionix.solvency.holdings import Holdings
from optionix.solvency.ledger import NETTED, SETTLED, STRIKE_BITS, STRIKES, BookTold, Ledger, side_of


@dataclass(frozen=True, slots=True)
class Failure:
    """One case in which an identity does not hold."""

    identity: str
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A statement, in how many cases it was looked at, and where it fails."""

    name: str
    statement: str
    cases: int
    failures: tuple[Failure, ...]

    @property
    def holds(self) -> bool:
        """Whether it holds in every case."""
        return not self.failures


Case = tuple[str, str | None]
"""What was looked at, and why it fails or None."""


def worst_loss(key: int, book: BookTold, scale: int) -> int:
    """The most that a book can owe over every settlement price, token units rounded up."""
    side = side_of(key)
    if book.kind == NETTED:
        legs = [book_pricing.Leg(strike, amount) for strike, amount in sorted(book.legs.items())]
        return book_pricing.required(side, legs, scale)
    return sum(
        collateral_up(side, strike * STRIKE_UNIT_WAD, -amount, scale)
        for strike, amount in book.legs.items()
        if amount < 0
    )


def owed_at(key: int, book: BookTold, price: int, scale: int) -> int:
    """What a book owes at a settlement price, token units; below zero what it is owed."""
    side = side_of(key)
    if book.kind == NETTED:
        legs = [book_pricing.Leg(strike, amount) for strike, amount in sorted(book.legs.items())]
        return -book_pricing.settlement_floor(side, legs, price, scale)
    return sum(payoff_up(side, strike * STRIKE_UNIT_WAD, price, -amount, scale) for strike, amount in book.legs.items())


def claim_of(ledger: Ledger, prices: dict[int, int], series: int, amount: int) -> int:
    """What held contracts are to be paid: at the settlement price, or before it the most they can come to."""
    key, strike = series >> STRIKE_BITS, series % STRIKES * STRIKE_UNIT_WAD
    scale, price = ledger.scale(key), prices.get(key)
    if price is not None:
        return payoff_down(side_of(key), strike, price, amount, scale)
    return amount // scale if side_of(key) is Side.CALL else amount * strike // (10**18 * scale)


def check_all(ledger: Ledger, held: Holdings) -> list[Identity]:
    """Every identity, in the order of the page."""
    return [
        _told(held),
        _identity(
            "books are covered",
            "each book has locked at least its worst loss over every settlement price",
            _covered(ledger, held),
        ),
        _identity(
            "longs equal shorts",
            "before settlement, option tokens and placed longs of a series are its written contracts",
            _balanced(held),
        ),
        _identity(
            "maximum payoffs are covered",
            "before settlement, the books of an expiry's side have locked what its option tokens can come to at most",
            _maximum_payoffs(ledger, held),
        ),
        _identity(
            "settled claims are covered",
            "after settlement, what books have owed and still owe, less what was paid, is what holders can still claim",
            _settled_claims(ledger, held),
        ),
        _identity(
            "no more is paid than owed",
            "what the holders of a series were paid is at most the payoff of what they redeemed",
            _paid(ledger, held),
        ),
        _identity(
            "fees add up",
            "a pot holds what fees came in, less the bounties and what the treasury collected",
            _pots(ledger, held),
        ),
        _identity(
            "tokens are there",
            "the Clearinghouse has at least its free balances, locked collateral, pots and unpaid settlements",
            _custody(ledger, held),
        ),
        _identity(
            "vaults have what they owe",
            "a vault's free balance covers its idle assets, waiting deposits and unclaimed redemptions",
            _vault_assets(held),
        ),
        _identity(
            "vaults have locked what they wrote",
            "a vault's own count of locked collateral is what its books have locked, for the contracts it wrote",
            _vault_books(ledger, held),
        ),
        _identity(
            "queued redemptions are there",
            "what controllers of a vault can withdraw sums to what it keeps for them",
            _vault_claims(held),
        ),
        _identity(
            "shares sum to the supply",
            "the shares of a vault's holders sum to its supply, those of requests lying with the vault",
            _vault_shares(held),
        ),
    ]


def _identity(name: str, statement: str, cases: Iterator[Case]) -> Identity:
    seen = list(cases)
    return Identity(name, statement, len(seen), tuple(Failure(name, what, why) for what, why in seen if why))


def _told(held: Holdings) -> Identity:
    name = "logs tell what the contracts hold"
    failures = tuple(
        Failure(name, f"{each.kind} {each.subject}", f"{each.logs} by the logs, {each.contract} by the contract")
        for each in held.differences
    )
    return Identity(
        name, "every balance, book, option, pot, price and share is what the logs say", held.compared, failures
    )


def _covered(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    for (account, key), book in sorted(held.books.items()):
        if book.kind == SETTLED and not book.locked and not book.legs:
            continue
        worst = worst_loss(key, book, ledger.scale(key))
        short = worst - book.locked
        yield f"book {account} {key}", f"{book.locked} locked, it can lose {worst}" if short > 0 else None


def _balanced(held: Holdings) -> Iterator[Case]:
    written: dict[int, int] = defaultdict(int)
    placed: dict[int, int] = defaultdict(int)
    for (_, key), book in held.books.items():
        for strike, amount in book.legs.items():
            (written if amount < 0 else placed)[key << STRIKE_BITS | strike] += abs(amount)
    in_hands: dict[int, int] = defaultdict(int)
    for (_, series), amount in held.held.items():
        in_hands[series] += amount
    for series in sorted({*written, *placed, *held.supply}):
        if series >> STRIKE_BITS in held.prices:
            continue
        longs = held.supply.get(series, 0) + placed[series]
        why = None
        if longs != written[series]:
            why = f"{written[series]} written, {longs} held and placed"
        elif in_hands[series] != held.supply.get(series, 0):
            why = f"{in_hands[series]} in the hands of holders, {held.supply.get(series, 0)} in all"
        yield f"series {series}", why


def _maximum_payoffs(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    locked = _locked_by_key(held)
    claims: dict[int, int] = defaultdict(int)
    for series, amount in held.supply.items():
        claims[series >> STRIKE_BITS] += claim_of(ledger, {}, series, amount)
    for key in sorted({*locked, *claims}):
        if key not in held.prices:
            short = claims[key] > locked[key]
            yield f"expiry {key}", f"{locked[key]} locked, {claims[key]} can be claimed" if short else None


def _settled_claims(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    coming: dict[int, int] = defaultdict(int)
    for (_, key), book in held.books.items():
        if key in held.prices and book.legs:
            coming[key] += owed_at(key, book, held.prices[key], ledger.scale(key))
    claims: dict[int, int] = defaultdict(int)
    for series, amount in held.supply.items():
        if series >> STRIKE_BITS in held.prices:
            claims[series >> STRIKE_BITS] += claim_of(ledger, held.prices, series, amount)
    for key in sorted(held.prices):
        left = ledger.owed[key] + coming[key] - ledger.paid[key]
        yield f"expiry {key}", f"{left} is left for claims of {claims[key]}" if left < claims[key] else None


def _paid(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    for series, (contracts, paid) in sorted(ledger.redeemed.items()):
        key = series >> STRIKE_BITS
        if key not in held.prices:
            yield f"series {series}", f"{paid} was paid before there is a settlement price"
            continue
        owed = claim_of(ledger, held.prices, series, contracts)
        yield f"series {series}", f"{paid} was paid of {owed}" if paid > owed else None


def _pots(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    for key, assets in sorted(held.pots.items()):
        wanted = ledger.accrued[key] - ledger.bounties[key] - ledger.collected[key]
        yield f"pot {key}", f"{assets} is in it, {wanted} should be" if assets != wanted else None


@dataclass(frozen=True, slots=True)
class Balance:
    """Assets and liabilities of the Clearinghouse in one token, token units.

    Attributes
    ----------
    held : what lies in it.
    free, locked, pots : what it owes to accounts, of which a part is locked, and to fees.
    settling : what settled books have owed and holders were not paid yet; below zero where holders were paid before the
        books that owe it were settled.
    """

    token: str
    held: int
    free: int
    locked: int
    pots: int
    settling: int

    @property
    def liabilities(self) -> int:
        """All of it."""
        return self.free + self.locked + self.pots + self.settling

    @property
    def surplus(self) -> int:
        """What belongs to nobody: gifts, and what rounding kept."""
        return self.held - self.liabilities


def balances(ledger: Ledger, held: Holdings) -> list[Balance]:
    """Assets against liabilities, token by token."""
    free: dict[str, int] = defaultdict(int)
    locked: dict[str, int] = defaultdict(int)
    pots: dict[str, int] = defaultdict(int)
    settling: dict[str, int] = defaultdict(int)
    for (_, token), assets in held.free.items():
        free[token] += assets
    for key, assets in _locked_by_key(held).items():
        locked[ledger.token(key)] += assets
    for key, assets in held.pots.items():
        pots[ledger.token(key)] += assets
    for key in {*ledger.owed, *ledger.paid}:
        settling[ledger.token(key)] += ledger.owed[key] - ledger.paid[key]
    return [
        Balance(token, assets, free[token], locked[token], pots[token], settling[token])
        for token, assets in sorted(held.tokens.items())
    ]


def _custody(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    missing = {token for market in ledger.markets.values() for token in market.tokens} - held.tokens.keys()
    for token in sorted(missing):
        yield f"token {token}", "it does not answer"
    for each in balances(ledger, held):
        yield f"token {each.token}", f"{each.held} for {each.liabilities} owed" if each.surplus < 0 else None


def _locked_by_key(held: Holdings) -> dict[int, int]:
    locked: dict[int, int] = defaultdict(int)
    for (_, key), book in held.books.items():
        locked[key] += book.locked
    return locked


def _vault_assets(held: Holdings) -> Iterator[Case]:
    for address, vault in sorted(held.vaults.items()):
        free = held.free.get((address, vault.asset), 0)
        owed = vault.idle + vault.pending_assets + vault.claimable_assets
        yield f"vault {address}", f"{free} free for {owed}" if free < owed else None


def _vault_books(ledger: Ledger, held: Holdings) -> Iterator[Case]:
    locked_of: dict[str, int] = defaultdict(int)
    for (account, _), book in held.books.items():
        locked_of[account] += book.locked
    for address, vault in sorted(held.vaults.items()):
        locked = locked_of[address]
        worth = 0
        for series, amount in vault.written.items():
            key, strike = series >> STRIKE_BITS, series % STRIKES * STRIKE_UNIT_WAD
            worth += collateral_up(side_of(key), strike, amount, ledger.scale(key))
        why = None
        # A book that anybody settled is counted by the vault until it is released.
        if vault.locked != worth:
            why = f"{vault.locked} by its count, {worth} for what it wrote"
        elif locked > vault.locked:
            why = f"{locked} is locked, {vault.locked} by its count"
        yield f"vault {address}", why


def _vault_claims(held: Holdings) -> Iterator[Case]:
    for address, vault in sorted(held.vaults.items()):
        claims = sum(vault.claims.values())
        why = (
            f"{claims} can be withdrawn, {vault.claimable_assets} is kept" if claims != vault.claimable_assets else None
        )
        yield f"vault {address}", why


def _vault_shares(held: Holdings) -> Iterator[Case]:
    for address, vault in sorted(held.vaults.items()):
        shares, queued = sum(vault.shares.values()), vault.pending_shares + vault.claimable_shares
        own, why = vault.shares.get(address, 0), None
        if shares != vault.supply:
            why = f"{shares} in the hands of holders, {vault.supply} in all"
        elif own < queued:
            why = f"{own} lie with it for {queued} of requests"
        yield f"vault {address}", why
