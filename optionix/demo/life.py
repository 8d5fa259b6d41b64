"""The story: liquidity comes, options are bought and written, prices move, an expiry settles, everybody leaves.

Keepers act on the same books at the same time, as they should: whatever an actor finds done already, it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from optionix.chain.errors import Reverted
from optionix.client import Client
from optionix.demo.actors import Actor
from optionix.demo.waiting import wait_for
from optionix.errors import UserError
from optionix.instruments import Series, Side
from optionix.settings import Settings

HOUR = 3_600
NEEDED_SECONDS = 5 * HOUR
"""Market time from the first trade to an expiry that leaves room for every step before the vault's cutoff."""
SLIPPAGE = Decimal("0.5")
"""A replayed market may move far between a quote and its trade; the model judges the price afterwards."""
WAIT_SECONDS = 240.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What one side of the story needs.

    Attributes
    ----------
    symbol, side : the market and side.
    liquidity : what the depositor brings, whole tokens of the settlement asset.
    purse : what each trader gets, whole tokens.
    """

    symbol: str
    side: Side
    liquidity: str
    purse: str

    @property
    def vault(self) -> str:
        """The vault's short name."""
        return f"{self.symbol}-{self.side.letter}"


PLANS = (Plan("ETH", Side.CALL, "40", "10"), Plan("ETH", Side.PUT, "60000", "20000"))


class Cast:
    """The actors of one side."""

    def __init__(self, plan: Plan, settings: Settings) -> None:
        def actor(role: str) -> Actor:
            return Actor(f"{plan.vault} {role}", settings)

        self.plan = plan
        self.depositor = actor("depositor")
        self.buyer = actor("buyer")
        self.seller = actor("seller")
        self.spreader = actor("spreader")
        self.writer = actor("writer")
        self.friend = actor("friend")

    def everybody(self) -> tuple[Actor, ...]:
        """All six."""
        return (self.depositor, self.buyer, self.seller, self.spreader, self.writer, self.friend)


class Life:
    """Plays every side at once, step by step.

    Parameters
    ----------
    settings : where the local stack listens.
    say : told what happens, a sentence each.
    """

    def __init__(self, settings: Settings, say: Say, plans: tuple[Plan, ...] = PLANS) -> None:
        self.settings = settings
        self.say = say
        self.casts = [Cast(plan, settings) for plan in plans]
        self.stranger = Actor("stranger", settings)
        self.expiry = 0
        self.legs: dict[Side, tuple[Series, Series, Series]] = {}

    @property
    def chain(self) -> Client:
        """A client that reads."""
        return self.stranger.client

    def play(self, at_half_time: Callable[[], None] | None = None) -> None:
        """The whole life; `at_half_time` is called while options are open and an expiry is near."""
        for cast in self.casts:
            self._fund(cast)
            self._bring_liquidity(cast)
        for cast in self.casts:
            self._take_shares(cast)
        self._choose_expiry()
        for cast in self.casts:
            self._choose_strikes(cast)
            self._trade(cast)
            self._spread(cast)
            self._write_plainly(cast)
            self._sign_orders(cast)
        if at_half_time is not None:
            at_half_time()
        self._settle()
        for cast in self.casts:
            self._redeem(cast)
            self._settle_books(cast)
            self._leave_the_vault(cast)
        for cast in self.casts:
            self._claim_and_withdraw(cast)

    def close(self) -> None:
        """Closes every connection."""
        for cast in self.casts:
            for actor in cast.everybody():
                actor.close()
        self.stranger.close()

    # --- coming ---

    def _fund(self, cast: Cast) -> None:
        symbol = self._asset(cast.plan)
        for actor in cast.everybody():
            actor.get_tokens(symbol, cast.plan.liquidity if actor is cast.depositor else cast.plan.purse)

    def _bring_liquidity(self, cast: Cast) -> None:
        cast.depositor.client.request_deposit(cast.plan.vault, cast.plan.liquidity)
        self.say(f"{cast.depositor.name} asks to deposit {cast.plan.liquidity} {self._asset(cast.plan)}")

    def _take_shares(self, cast: Cast) -> None:
        depositor, vault = cast.depositor.client, cast.plan.vault
        address = depositor.vault_address(vault)
        wait_for(
            f"the keeper to process the deposit to {vault}",
            lambda: depositor.read_at("OptionVault", address, "maxMint", depositor.address),
            WAIT_SECONDS,
        )
        depositor.claim(vault)
        self.say(f"{cast.depositor.name} holds {depositor.share_balance(vault) / 10**18:.4f} shares")

    # --- trading ---

    def _choose_expiry(self) -> None:
        def far_enough() -> int | None:
            now = self.chain.head().timestamp
            listed = [expiry for expiry in self._listed_expiries() if expiry >= now + NEEDED_SECONDS]
            return min(listed, default=None)

        self.expiry = wait_for("an expiry that is far enough", far_enough, WAIT_SECONDS)
        left = self.expiry - self.chain.head().timestamp
        self.say(f"the story's expiry is in {left / HOUR:.1f} hours of market time")

    def _listed_expiries(self) -> list[int]:
        now = self.chain.head().timestamp
        day = 24 * HOUR
        first = now - now % day + 8 * HOUR
        market = self.chain.deployment.market(self.casts[0].plan.symbol).market
        days = [first + k * day for k in range(4)]
        return [day for day in days if self.chain.read("Markets", "isExpiryListed", market, day)]

    def _choose_strikes(self, cast: Cast) -> None:
        """Three listed strikes out of the money that the vault quotes, nearest first."""
        plan = cast.plan

        def quoted() -> tuple[Series, Series, Series] | None:
            found = [series for series in self._out_of_the_money(plan) if self._is_quoted(series)]
            return (found[0], found[1], found[2]) if len(found) >= 3 else None

        self.legs[plan.side] = wait_for(f"three {plan.vault} strikes with a quote", quoted, WAIT_SECONDS)
        names = ", ".join(self.chain.name(series) for series in self.legs[plan.side])
        self.say(f"{plan.vault}: trading {names}")

    def _out_of_the_money(self, plan: Plan) -> list[Series]:
        market = self.chain.deployment.market(plan.symbol).market
        spot, _ = self.chain.read("Markets", "spot", market, self.expiry)
        listed = self._listed_series(market, plan.side)
        above = [series for series in listed if series.strike_wad > spot]
        below = [series for series in reversed(listed) if series.strike_wad < spot]
        return (above if plan.side is Side.CALL else below)[:8]

    def _listed_series(self, market: int, side: Side) -> list[Series]:
        """From the listing's events, ascending strikes."""
        abi_events = self.chain.listed_series(market)
        return sorted(
            (series for series in abi_events if series.side is side and series.expiry == self.expiry),
            key=lambda series: series.strike,
        )

    def _is_quoted(self, series: Series) -> bool:
        try:
            return self.chain.quote(series, "1").total > 0
        except Reverted:
            return False

    def _trade(self, cast: Cast) -> None:
        near, far, _ = self.legs[cast.plan.side]
        deadline = self.expiry
        cast.buyer.client.buy(near, "1.5", slippage=SLIPPAGE, deadline=deadline)
        cast.seller.client.buy(far, "2", slippage=SLIPPAGE, deadline=deadline)
        cast.seller.client.sell(far, "0.75", slippage=Decimal(1), deadline=deadline)
        cast.buyer.client.transfer(near, "0.5", cast.friend.address)
        self.say(f"{cast.buyer.name} buys 1.5 and sends 0.5 to a friend; {cast.seller.name} buys 2, sells 0.75 back")

    def _spread(self, cast: Cast) -> None:
        """A vertical: write the near strike against a long of the far one; only the difference is locked."""
        near, far, _ = self.legs[cast.plan.side]
        spreader, friend = cast.spreader.client, cast.friend.client
        spreader.buy(far, "1", slippage=SLIPPAGE, deadline=self.expiry)
        spreader.deposit(self._asset(cast.plan), self._half(cast.plan.purse))
        spreader.net(cast.plan.symbol, cast.plan.side, self.expiry)
        spreader.place(far, "1")
        spreader.write(near, "1", receiver=friend.address)
        friend.transfer(near, "0.4", spreader.address)
        spreader.close_written(near, "0.4")
        self.say(f"{cast.spreader.name} writes a spread of 1, delivers it, gets 0.4 back and closes that part early")

    def _write_plainly(self, cast: Cast) -> None:
        _, _, third = self.legs[cast.plan.side]
        writer = cast.writer.client
        writer.deposit(self._asset(cast.plan), self._half(cast.plan.purse))
        writer.write(third, "0.7", receiver=cast.buyer.address)
        self.say(f"{cast.writer.name} writes 0.7 of the third strike to {cast.buyer.name}")

    def _sign_orders(self, cast: Cast) -> None:
        """An ask that writes, filled in two parts, and a bid that is sold into; the premium in the settlement asset."""
        _, _, third = self.legs[cast.plan.side]
        maker, taker, holder = cast.writer.client, cast.seller.client, cast.buyer.client
        price = self.chain.quote(third, "1").total_decimal
        asset = self._asset(cast.plan)
        taker.deposit(asset, str(3 * price))
        for client in (maker, taker, holder):
            client.ready_to_trade(selling=client is holder)
        ask = maker.premium_order(third, "0.5", price, is_buy=False, use_book=True, deadline=self.expiry - 1)
        signature = maker.sign(ask)
        taker.fill(ask, signature, "0.3")
        taker.fill(ask, signature, "0.1")
        bid = taker.premium_order(third, "0.25", price, is_buy=True, deadline=self.expiry - 1)
        holder.fill(bid, taker.sign(bid), "0.2")
        maker.cancel_order(ask.nonce)
        self.say(
            f"{cast.writer.name} signs an ask of 0.5 of which {cast.seller.name} fills 0.4;"
            f" {cast.buyer.name} sells 0.2 into a signed bid"
        )

    # --- settlement ---

    def _settle(self) -> None:
        left = self.expiry - self.chain.head().timestamp
        self.say(f"waiting for the expiry, {left / HOUR:.1f} hours of market time away")
        wait_for("the expiry", lambda: self.chain.head().timestamp > self.expiry + 120, WAIT_SECONDS * 4)
        for symbol in {cast.plan.symbol for cast in self.casts}:
            wait_for(f"the settlement of {symbol}", partial(self._settle_or_see, symbol), WAIT_SECONDS)

    def _settle_or_see(self, symbol: str) -> bool:
        market = self.chain.deployment.market(symbol).market
        price, settler = self.chain.read("Markets", "settlement", market, self.expiry)
        if price:
            self.say(f"{symbol} settled at {price / 10**18:.4f} by {settler}")
            return True
        try:
            self.chain.settle(symbol, self.expiry)
        except UserError as refusal:
            # Not provable yet, or somebody was quicker: the next look tells.
            self.say(f"{symbol} does not settle yet: {refusal}")
        return False

    def _redeem(self, cast: Cast) -> None:
        near, far, third = self.legs[cast.plan.side]
        for holder in (cast.buyer, cast.seller):
            for series in (near, far, third):
                if holder.client.balance_of(series):
                    self._unless_done(partial(holder.client.redeem, series))
        for holder in (cast.friend, cast.spreader):
            for series in (near, far, third):
                if self.chain.balance_of(series, holder.address):
                    self._unless_done(partial(self.chain.redeem_for, holder.address, series))
        self.say(f"{cast.plan.vault}: holders redeem, a stranger redeems for the friend")

    def _settle_books(self, cast: Cast) -> None:
        _, _, third = self.legs[cast.plan.side]
        key = third.book_key
        self._unless_done(lambda: self.chain.settle_book(key, cast.spreader.address))
        self._unless_done(lambda: self.chain.settle_leg(third, cast.writer.address))

    def _unless_done(self, act: Callable[[], object]) -> None:
        """A keeper may have done it between the look and the transaction: then it is refused, and that is fine."""
        try:
            act()
        except Reverted as refusal:
            self.say(f"already done by somebody else ({refusal})")

    # --- leaving ---

    def _leave_the_vault(self, cast: Cast) -> None:
        cast.depositor.client.request_redeem(cast.plan.vault)
        self.say(f"{cast.depositor.name} asks to leave")

    def _claim_and_withdraw(self, cast: Cast) -> None:
        depositor, vault = cast.depositor.client, cast.plan.vault
        address = depositor.vault_address(vault)

        def processed() -> bool:
            waiting = depositor.read_at("OptionVault", address, "queueTotals")[1]
            mine = depositor.read_at("OptionVault", address, "maxRedeem", depositor.address)
            return bool(mine) and not waiting

        wait_for(f"the keeper to pay the leaver of {vault}", processed, WAIT_SECONDS * 2)
        depositor.claim(vault)
        symbol = self._asset(cast.plan)
        token = self.chain.deployment.token(symbol)
        for actor in cast.everybody():
            free = actor.client.free_balance(symbol)
            if free:
                actor.client.transact("Clearinghouse", "withdraw", token.address, free, actor.address)
        self.say(f"{cast.plan.vault}: everybody has left with what is theirs")

    # --- words ---

    def _asset(self, plan: Plan) -> str:
        market = self.chain.deployment.market(plan.symbol).market
        return self.chain.deployment.settlement_token(market, plan.side).symbol

    @staticmethod
    def _half(amount: str) -> str:
        return str(Decimal(amount) / 2)
