"""Draws actions for the chain and the model: mostly such as people take, often a little wrong."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.feeds import PHASE
from tests.oracle.ledger import NETTED, NONE, PLAIN
from tests.oracle.series import Series
from tests.protocol.model import ENDLESS, NOBODY, UNIT
from tests.protocol.pair import WAD, Action, Pair

#: How often each is drawn before the first settlement price is known.
WEIGHTS = {
    "deposit": 6, "permit": 4, "approve": 1, "withdraw": 3, "withdrawFor": 2, "pay": 3, "setOperator": 4,
    "write": 14, "close": 6, "net": 6, "place": 7, "takeBack": 5, "multicall": 5,
    "safeTransferFrom": 5, "setApprovalForAll": 2, "checkpoint": 2,
    "settle": 1, "settleAtLastRound": 1, "settleAtCheckpoint": 1,
    "settleLeg": 1, "settleBook": 1, "settleMany": 1, "redeem": 1, "redeemFor": 1, "redeemMany": 1,
    "accrueFee": 6, "collectFees": 1, "setTreasury": 2, "setBountyCap": 2, "setWritesPaused": 2,
}  # fmt: skip
#: And how many times as often after it.
LATE = {
    "settleLeg": 7, "settleBook": 7, "settleMany": 3, "redeem": 7, "redeemFor": 6, "redeemMany": 3, "collectFees": 6,
    "close": 2,
}  # fmt: skip
ROLES = ("setTreasury", "setBountyCap", "setWritesPaused")
IN_ONE = ("deposit", "permit", "pay", "write", "close", "withdraw", "settleMany", "accrueFee")


class Players:
    """One seed's actions; they depend on the seed and on the model's state alone."""

    def __init__(self, pair: Pair, seed: int) -> None:
        self.pair, self.chance = pair, random.Random(seed)
        self.names = list(pair.who)[1:]
        self.admin = next(iter(pair.who))

    def opening(self) -> list[Action]:
        """Collateral, legs and a netted book to go on with."""
        found = [
            Action("deposit", who, (token, 30 * self.pair.units[token]))
            for who in self.names[:-1]
            for token in self.pair.tokens
        ]
        for who in self.names[:2]:
            for series in self.chance.sample(self.pair.series, 3):
                found.append(Action("write", who, (who, series, 123_456_789 * UNIT // 50, who)))
            found.append(Action("net", who, (who, series >> 64, [series & 2**64 - 1])))
        return found

    def draw(self) -> Action:
        """The next action."""
        settled = bool(self.pair.model.ledger.settled)
        weights = {name: weight * (LATE.get(name, 1) if settled else 1) for name, weight in WEIGHTS.items()}
        return self.make(self.chance.choices(list(weights), list(weights.values()))[0], self.chance.choice(self.names))

    def make(self, name: str, who: str) -> Action:
        """An action of this name; one in ten is a stranger's."""
        if name == "multicall":
            value = self.chance.choice((0, 0, 1, WAD))
            inside = tuple(self.make(self.chance.choice(IN_ONE), who) for _ in range(self.chance.randrange(1, 4)))
            # A permit's signature counts its nonce, and everything in it is its caller's.
            once = [each for each in inside if not each.permit] + [each for each in inside if each.permit][:1]
            return Action(name, who, (), value, tuple(Action(e.name, who, e.arguments, 0, (), e.permit) for e in once))
        arguments = getattr(self, f"_{name}")(who)
        if name == "permit":
            signer = who if self.chance.random() < 0.8 else self.chance.choice(self.names)
            return Action("depositWithPermit", who, arguments, permit=signer)
        if name in ROLES and self.chance.random() < 0.8:
            who = self.admin
        elif self.chance.random() < 0.1:
            who = self.chance.choice(self.names)
        return Action(name, who, arguments)

    def wrong_proofs(self, market: int, expiry: int) -> list[Action]:
        """Each rule with rounds that are not the last one, and ids of none."""
        ids = [each.id for each in self.pair.model.feeds[market].rounds]
        tried = [*self.chance.sample(ids, min(3, len(ids))), ids[-1] + 1]
        rules = ("settle", "settleAtLastRound")
        return [
            Action(self.chance.choice(rules), self.chance.choice(self.names), (market, expiry, each)) for each in tried
        ] + [Action("settleAtCheckpoint", self.chance.choice(self.names), (market, expiry))]

    # --- arguments, by action ---

    def _deposit(self, who: str) -> tuple[Any, ...]:
        token = self._token()
        return token, self._part(self.pair.model.ledger.tokens[token, who] // 3)

    def _permit(self, who: str) -> tuple[Any, ...]:
        return self._deposit(who)

    def _approve(self, who: str) -> tuple[Any, ...]:
        return self._token(), self.chance.choice((0, 10**6, ENDLESS, ENDLESS))

    def _withdraw(self, who: str) -> tuple[Any, ...]:
        token = self._token()
        return token, self._part(self.pair.model.ledger.free[who, token] // 2), self._to()

    def _withdrawFor(self, who: str) -> tuple[Any, ...]:
        account, token = self._principal(who), self._token()
        return account, token, self._part(self.pair.model.ledger.free[account, token] // 2)

    def _pay(self, who: str) -> tuple[Any, ...]:
        account, token = self._principal(who), self._token()
        return account, self._to(), token, self._part(self.pair.model.ledger.free[account, token] // 2)

    def _setOperator(self, who: str) -> tuple[Any, ...]:
        return self._who(), self.chance.choice((0, 1, 2, 3, 3, 4))

    def _write(self, who: str) -> tuple[Any, ...]:
        return self._principal(who), self._series(), self._amount(), self._to(0.03, house=False)

    def _close(self, who: str) -> tuple[Any, ...]:
        account, series, held = self._leg(who, sign=-1)
        holders = [holder for (holder, each), n in self.pair.model.ledger.options.items() if each == series and n]
        holder = account if self.chance.random() < 0.6 or not holders else self.chance.choice(holders)
        most = min(held, self.pair.model.ledger.options[holder, series])
        return account, series, self._amount(most), holder

    def _net(self, who: str) -> tuple[Any, ...]:
        account = self._principal(who)
        plain = [
            key for (owner, key), b in self.pair.model.ledger.books.items() if owner == account and b.kind == PLAIN
        ]
        key = self.chance.choice(plain) if plain and self.chance.random() < 0.9 else self._key()
        strikes = sorted(each & 2**64 - 1 for each in self._legs(account, key))
        if self.chance.random() < 0.15:
            self.chance.shuffle(strikes)
        if strikes and self.chance.random() < 0.1:
            strikes[0] = self.chance.choice((strikes[0] + 1, strikes[-1]))
        if self.chance.random() < 0.1:
            strikes = [*strikes, 2**64 - 1]
        return account, key, strikes

    def _place(self, who: str) -> tuple[Any, ...]:
        account = self._principal(who)
        held = [
            series
            for (owner, series), n in self.pair.model.ledger.options.items()
            if owner == account and n and self._kind(account, series >> 64) == NETTED
        ]
        series = self.chance.choice(held) if held and self.chance.random() < 0.85 else self._series()
        return account, series, self._amount(self.pair.model.ledger.options[account, series])

    def _takeBack(self, who: str) -> tuple[Any, ...]:
        account, series, held = self._leg(who, sign=1)
        return account, series, self._amount(held), self._to(0.03, house=False)

    def _safeTransferFrom(self, who: str) -> tuple[Any, ...]:
        account = self._principal(who)
        series, held = self._held(account)
        return account, self._to(0.03, house=False), series, self._part(held), b""

    def _setApprovalForAll(self, who: str) -> tuple[Any, ...]:
        return self._who(), self.chance.random() < 0.7

    def _checkpoint(self, who: str) -> tuple[Any, ...]:
        return self.chance.choice((1, 2)), self._expiry()

    def _settle(self, who: str) -> tuple[Any, ...]:
        market = self.chance.choice((1, 2))
        return market, self._expiry(), 1 << PHASE | self.chance.randrange(6)

    def _settleAtLastRound(self, who: str) -> tuple[Any, ...]:
        return self._settle(who)

    def _settleAtCheckpoint(self, who: str) -> tuple[Any, ...]:
        return self._checkpoint(who)

    def _settleLeg(self, who: str) -> tuple[Any, ...]:
        return self._leg(self._who(), sign=-1)[:2]

    def _settleBook(self, who: str) -> tuple[Any, ...]:
        netted = [place for place, book in self.pair.model.ledger.books.items() if book.kind == NETTED]
        return self.chance.choice(netted) if netted and self.chance.random() < 0.85 else (self._who(), self._key())

    def _settleMany(self, who: str) -> tuple[Any, ...]:
        books = list(self.pair.model.ledger.books)
        items = [self._settleLeg(who) for _ in range(2)] + [self._settleBook(who) for _ in range(2)]
        if books:
            account, key = self.chance.choice(books)
            items += [(account, each) for each in self._legs(account, key)]
        # A book's id alone stands for all its legs.
        return ([(account, each if each >> 112 else each << 64) for account, each in items],)

    def _redeem(self, who: str) -> tuple[Any, ...]:
        series, held = self._held(who)
        return series, self._part(held), self._to()

    def _redeemFor(self, who: str) -> tuple[Any, ...]:
        holder = self._who()
        return holder, self._held(holder)[0]

    def _redeemMany(self, who: str) -> tuple[Any, ...]:
        return ([self._redeemFor(who) for _ in range(self.chance.randrange(1, 5))],)

    def _accrueFee(self, who: str) -> tuple[Any, ...]:
        key = self._key()
        token = self.pair.model.ledger.asset(key).token
        return key, self._part(self.pair.model.ledger.free[who, token] // 4)

    def _collectFees(self, who: str) -> tuple[Any, ...]:
        return (self._key(),)

    def _setTreasury(self, who: str) -> tuple[Any, ...]:
        return (self._to(),)

    def _setBountyCap(self, who: str) -> tuple[Any, ...]:
        return self._token(), self.chance.choice((0, 1, 10**6, 10**15))

    def _setWritesPaused(self, who: str) -> tuple[Any, ...]:
        return (self.chance.random() < 0.2,)

    # --- parts of them ---

    def _who(self) -> str:
        return self.chance.choice(self.names)

    def _principal(self, who: str) -> str:
        """Mostly who acts, else somebody for whom it may or may not act."""
        return who if self.chance.random() < 0.75 else self._who()

    def _to(self, wrong: float = 0.06, *, house: bool = True) -> str:
        """A receiver; `wrong` is how often nobody or the Clearinghouse."""
        if self.chance.random() >= wrong:
            return self._who()
        return self.chance.choice((NOBODY, self.pair.model.world.house)) if house else NOBODY

    def _token(self) -> str:
        return self.chance.choice(list(self.pair.tokens))

    def _series(self) -> int:
        series = self.chance.choice(self.pair.series)
        return series + 7 if self.chance.random() < 0.04 else series

    def _key(self) -> int:
        key = self.chance.choice(self.pair.series) >> 64
        return key + 86_400 * 30 if self.chance.random() < 0.05 else key

    def _expiry(self) -> int:
        return self.chance.choice((*self.pair.expiries, self.pair.expiries[0], 8 * 3600))

    def _kind(self, account: str, key: int) -> str:
        book = self.pair.model.ledger.books.get((account, key))
        return book.kind if book else NONE

    def _legs(self, account: str, key: int) -> dict[int, int]:
        book = self.pair.model.ledger.books.get((account, key))
        return dict(book.legs) if book else {}

    def _leg(self, who: str, sign: int) -> tuple[str, int, int]:
        """A leg with this sign, mostly; else any series."""
        mine = self._principal(who)
        found = [
            (account, series, abs(amount))
            for (account, _), book in self.pair.model.ledger.books.items()
            for series, amount in book.legs.items()
            if account == mine and amount * sign > 0
        ]
        return self.chance.choice(found) if found and self.chance.random() < 0.9 else (mine, self._series(), 0)

    def _held(self, account: str) -> tuple[int, int]:
        """Options of somebody, of a settled expiry where there are any."""
        ledger = self.pair.model.ledger
        found = [(series, n) for (who, series), n in ledger.options.items() if who == account and n]
        priced = [each for each in found if (Series(each[0]).market, Series(each[0]).expiry) in ledger.settled]
        found = priced if priced and self.chance.random() < 0.8 else found
        return self.chance.choice(found) if found and self.chance.random() < 0.9 else (self._series(), 0)

    def _part(self, whole: int) -> int:
        """Some of it, all of it, nothing, or far too much."""
        luck = self.chance.random()
        if luck < 0.06:
            return 0
        if luck < 0.12:
            return whole * 5 + 1
        return whole if luck < 0.3 else self.chance.randint(min(1, whole), whole)

    def _amount(self, most: int = 0) -> int:
        """A multiple of 1e-8 contracts, awkward for every token's decimals; sometimes none."""
        luck = self.chance.random()
        if luck < 0.04:
            return self.chance.choice((0, 1, UNIT + 1))
        if most and luck < 0.9:
            return most if luck < 0.4 else max(self.chance.randint(1, most) // UNIT, 1) * UNIT
        return self.chance.randint(1, 3 * 10**8) * UNIT
