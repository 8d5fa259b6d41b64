"""The Clearinghouse and its option token from their events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.markets import MarketsReplica
from tests.rebuild.replica import NOBODY, Answer, Replica

NONE, PLAIN, NETTED, SETTLED = range(4)
STRIKE_BITS = 64
MAX_STRIKE = (1 << STRIKE_BITS) - 1


class ClearinghouseReplica(Replica):
    """Free balances, books with their legs, pots of fees, and rights."""

    derived: ClassVar[dict[str, str]] = {
        "AMOUNT_UNIT": "a constant",
        "MAX_LEGS": "a constant",
        "TRADE": "a constant",
        "WITHDRAW": "a constant",
        "bountyOf": "a formula over the fees that came, the bounties paid and the time",
        "feesDue": "a formula over the fees that came, the bounties paid and the time",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "markets": "an immutable of the deployment",
        "optionToken": "an immutable of the deployment",
        "payoff": "a formula over the settlement price",
    }

    def __init__(self, *args: Any, markets: MarketsReplica) -> None:
        super().__init__(*args)
        self.listings = markets
        self.free: dict[tuple[str, str], int] = defaultdict(int)
        self.kind: dict[tuple[str, int], int] = defaultdict(int)
        self.locked: dict[tuple[str, int], int] = defaultdict(int)
        self.legs: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
        self.mentioned: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.pot: dict[int, int] = defaultdict(int)
        self.bounty_paid: dict[int, int] = defaultdict(int)
        self.flags: dict[tuple[str, str], int] = {}
        self.redeem_for: dict[str, bool] = {}
        self.caps: dict[str, int] = {}
        self.treasury, self.authority, self.paused = NOBODY, NOBODY, False
        self.wrapped_native = NOBODY

    def token(self, key: int) -> str:
        """The settlement asset of a book."""
        return self.listings.asset(key >> 48, key >> 40 & 0xFF)[0]

    def on_authority_updated(self, authority: str) -> None:
        self.authority = authority

    # --- collateral ---

    def on_deposited(self, account: str, token: str, assets: int) -> None:
        self.free[account, token] += assets

    def on_withdrawn(self, account: str, token: str, receiver: str, assets: int) -> None:
        del receiver
        self.free[account, token] -= assets

    def on_paid(self, **told: Any) -> None:
        self.free[told["from"], told["token"]] -= told["assets"]
        self.free[told["to"], told["token"]] += told["assets"]

    # --- books ---

    def on_written(self, account: str, series: int, amount: int, receiver: str, locked: int) -> None:
        del receiver
        self._change(account, series, -amount, locked)

    def on_closed(self, account: str, series: int, amount: int, holder: str, locked: int) -> None:
        del holder
        self._change(account, series, amount, locked)

    def on_placed(self, account: str, series: int, amount: int, locked: int) -> None:
        self._change(account, series, amount, locked)

    def on_taken_back(self, account: str, series: int, amount: int, receiver: str, locked: int) -> None:
        del receiver
        self._change(account, series, -amount, locked)

    def on_book_netted(self, account: str, key: int, locked: int) -> None:
        self.kind[account, key] = NETTED
        self._lock(account, key, locked)

    def on_book_settled(self, account: str, key: int, strike: int, owed: int, released: int) -> None:
        book = (account, key)
        if self.kind[book] == PLAIN:
            # One leg: what it had locked is what it owed and what came back.
            del self.legs[book][strike]
            self.locked[book] -= owed + released
            self.kind[book] = PLAIN if self.legs[book] else SETTLED
        else:
            assert strike == 0, "a netted book settles as a whole"
            self.legs[book].clear()
            self.locked[book], self.kind[book] = 0, SETTLED
        self.free[account, self.token(key)] += released + max(-owed, 0)

    def on_redeemed(
        self, holder: str, series: int, amount: int, receiver: str, assets: int, to_free_balance: bool
    ) -> None:
        del amount, receiver
        if to_free_balance:
            self.free[holder, self.token(series >> STRIKE_BITS)] += assets

    def _change(self, account: str, series: int, change: int, locked: int) -> None:
        key, strike = series >> STRIKE_BITS, series & MAX_STRIKE
        book = (account, key)
        self.mentioned[book].add(strike)
        self.kind[book] = self.kind[book] or PLAIN
        legs = self.legs[book]
        legs[strike] = legs.get(strike, 0) + change
        if legs[strike] == 0:
            del legs[strike]
        self._lock(account, key, locked)

    def _lock(self, account: str, key: int, locked: int) -> None:
        self.free[account, self.token(key)] -= locked - self.locked[account, key]
        self.locked[account, key] = locked

    # --- fees and rights ---

    def on_fee_accrued(self, key: int, payer: str, assets: int) -> None:
        self.free[payer, self.token(key)] -= assets
        self.pot[key] += assets

    def on_fees_collected(self, key: int, settler: str, bounty: int, treasury: str, rest: int) -> None:
        self.free[settler, self.token(key)] += bounty
        self.free[treasury, self.token(key)] += rest
        self.pot[key] -= bounty + rest
        self.bounty_paid[key] += bounty

    def on_bounty_paid(self, key: int, caller: str, account: str, bounty: int) -> None:
        del account
        self.free[caller, self.token(key)] += bounty
        self.pot[key] -= bounty
        self.bounty_paid[key] += bounty

    def on_operator_set(self, account: str, operator: str, flags: int) -> None:
        self.flags[account, operator] = flags

    def on_redeem_for_set(self, account: str, allowed: bool) -> None:
        self.redeem_for[account] = allowed

    def on_bounty_cap_set(self, token: str, cap: int) -> None:
        self.caps[token] = cap

    def on_treasury_set(self, treasury: str) -> None:
        self.treasury = treasury

    def on_wrapped_native_set(self, token: str) -> None:
        self.wrapped_native = token

    def on_writes_paused(self, paused: bool) -> None:
        self.paused = paused

    def answers(self) -> Iterator[Answer]:
        yield "authority", (), self.authority
        yield "treasury", (), self.treasury
        yield "writesPaused", (), self.paused
        yield "wrappedNative", (), self.wrapped_native
        for (account, token), assets in self.free.items():
            yield "freeBalance", (account, token), assets
        for (account, operator), flags in self.flags.items():
            yield "operatorFlags", (account, operator), flags
        for account, allowed in self.redeem_for.items():
            yield "redeemForAllowed", (account,), allowed
        for token, cap in self.caps.items():
            yield "bountyCap", (token,), cap
        for key, assets in self.pot.items():
            yield "feePot", (key,), assets
            yield "bountyPaid", (key,), self.bounty_paid[key]
        for (account, key), kind in self.kind.items():
            legs = dict(sorted(self.legs[account, key].items()))
            yield "book", (account, key), {"kind": kind, "legCount": len(legs), "locked": self.locked[account, key]}
            for strike in self.mentioned[account, key]:
                yield "leg", (account, key << STRIKE_BITS | strike), legs.get(strike, 0)
            if kind != PLAIN:
                told = tuple({"strike": strike, "amount": amount} for strike, amount in legs.items())
                yield "legs", (account, key), told


class OptionTokenReplica(Replica):
    """Balances, supplies and approvals of the longs."""

    derived: ClassVar[dict[str, str]] = {
        "balanceOfBatch": "balanceOf, many at once",
        "clearinghouse": "an immutable of the deployment",
        "name": "a constant",
        "renderer": "an immutable of the deployment",
        "supportsInterface": "a constant",
        "symbol": "a constant",
        "uri": "the renderer's picture of a series",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.balances: dict[tuple[str, int], int] = defaultdict(int)
        self.supply: dict[int, int] = defaultdict(int)
        self.approved: dict[tuple[str, str], bool] = {}

    def on_transfer_single(self, **told: Any) -> None:
        self._move(told["from"], told["to"], told["id"], told["value"])

    def on_transfer_batch(self, **told: Any) -> None:
        for series, value in zip(told["ids"], told["values"], strict=True):
            self._move(told["from"], told["to"], series, value)

    def on_approval_for_all(self, account: str, operator: str, approved: bool) -> None:
        self.approved[account, operator] = approved

    def on_uri(self, value: str, id: int) -> None:
        # An announcement of what `uri` says anyhow, which is a formula: nothing can rename a token.
        assert value.startswith("data:application/json"), f"{id} is {value[:80]}"

    def _move(self, giver: str, taker: str, series: int, amount: int) -> None:
        if giver == NOBODY:
            self.supply[series] += amount
        else:
            self.balances[giver, series] -= amount
        if taker == NOBODY:
            self.supply[series] -= amount
        else:
            self.balances[taker, series] += amount

    def answers(self) -> Iterator[Answer]:
        for (account, series), amount in self.balances.items():
            yield "balanceOf", (account, series), amount
        for series, amount in self.supply.items():
            yield "totalSupply", (series,), amount
        unasked = {(account, self.address): False for account, _ in self.balances}
        for (account, operator), approved in (unasked | self.approved).items():
            yield "isApprovedForAll", (account, operator), approved
