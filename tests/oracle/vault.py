"""The vault's quote, marks and queues (protocol, section 6).

Option values are 50-digit numbers with their stated error, so what depends on them is an interval. What the chain
really took or paid is handed in, must lie in the interval, and is then carried on exactly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from mpmath import ceil, floor, mpf

from .ledger import Asset, Ledger
from .prices import AVERAGING, YEAR, Price, Slice, price
from .series import CALL, WAD, Series, contracts, leg_collateral, payoff, up

DAY = 86_400
BPS = 10_000
VIRTUAL_ASSETS = 1000
CARRY_UNIT = 10**9
MAX_CARRY_MOVE = 2 * 10**9
#: Each of a quote's parts is rounded by itself; seven of them and the fee.
ROUNDINGS = 9


@dataclass
class Smiles:
    """The newest slice of an expiry and the one that it replaced."""

    newest: Slice
    previous: Slice | None


@dataclass(frozen=True)
class Interval:
    """Where a number of the chain must lie, token units."""

    low: int
    high: int

    def holds(self, units: int) -> bool:
        """Whether it does."""
        return self.low <= units <= self.high


@dataclass
class Request:
    """A waiting request: assets of a deposit, shares of a redemption."""

    id: int
    controller: str
    pending: int
    ready: int


@dataclass
class Claim:
    """What a controller can claim."""

    assets: int = 0
    shares: int = 0


@dataclass
class Value:
    """One contract's mid, guarded ask and bid, vega and stated error, whole units of the settlement asset."""

    mid: mpf
    ask: mpf
    bid: mpf
    vega: mpf
    error: mpf


@dataclass
class Vault:
    """One vault: its ledger, its open series and its queues."""

    address: str
    market: int
    side: int
    asset: Asset
    params: dict[str, int]
    fees: dict[str, int]
    band_bps: int
    heartbeat: int
    volatility_per_day: int
    carry_per_day: int
    max_age: int
    idle: int = 0
    locked: int = 0
    written: dict[int, int] = field(default_factory=dict)
    vega: mpf = field(default_factory=mpf)
    base_assets: mpf = field(default_factory=mpf)
    base_block: int = -1
    supply: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    deposits: deque[Request] = field(default_factory=deque)
    redemptions: deque[Request] = field(default_factory=deque)
    requests: int = 0
    redeem_requests: int = 0
    deposit_claims: dict[str, Claim] = field(default_factory=dict)
    redeem_claims: dict[str, Claim] = field(default_factory=dict)


class VaultModel:
    """A vault between the ledger, the feed and the volatility oracle."""

    def __init__(self, vault: Vault, ledger: Ledger, smiles: Callable[[int, int], Smiles | None]) -> None:
        self.v = vault
        self.ledger = ledger
        self._smiles = smiles

    # --- values ---

    def value(self, series: Series, now: int) -> Value | None:
        """Mid and guarded prices of one contract; None where the slice or the feed is too old."""
        feed = self.ledger.feeds[self.v.market]
        smiles = self._smiles(self.v.market, series.expiry)
        past = series.expiry <= now
        if smiles is None or feed.rounds[-1].time + self.v.max_age < now:
            return None
        if not past and smiles.newest.timestamp + self.v.heartbeat < now:
            return None
        spot = feed.spot()
        high, low = spot * (BPS + self.v.band_bps) // BPS, spot * (BPS - self.v.band_bps) // BPS
        ask_spot, bid_spot = (high, low) if self.v.side == CALL else (low, high)
        older = []
        if not past and smiles.previous and now - smiles.newest.timestamp < self.v.params["guardWindow"]:
            older.append(smiles.previous)

        def at(where: int, smile: Slice) -> Price:
            return price(where, series.strike, self.v.side, smile, series.expiry, now)

        # Signers may move carry too, and a call is worth more at a higher one.
        age = now - smiles.newest.timestamp
        band = min(-(-self.v.carry_per_day * age // (DAY * CARRY_UNIT)), MAX_CARRY_MOVE)
        up = band if self.v.side == CALL else -band
        dear = replace(smiles.newest, carry=smiles.newest.carry + up)
        cheap = replace(smiles.newest, carry=smiles.newest.carry - up)
        mid = at(spot, smiles.newest)
        ask = max(mid.value, *(at(ask_spot, smile).value for smile in (dear, *older)))
        bid = min(mid.value, *(at(bid_spot, smile).value for smile in (cheap, *older)))
        return Value(mid.value, ask, bid, mid.vega, mid.error)

    def half_spread(self, series: Series, now: int) -> mpf:
        """Of volatility, grown by the slice's age."""
        smiles = self._smiles(self.v.market, series.expiry)
        age = now - smiles.newest.timestamp if smiles else 0
        growth = max(self.v.params["halfSpreadPerDay"], self.v.volatility_per_day)
        return mpf(self.v.params["halfSpread"]) / WAD + mpf(growth) / WAD * age / DAY

    def marks(self, now: int) -> tuple[mpf, mpf, mpf]:
        """Liabilities as depositors enter and as leavers leave (token units), and the short vega (whole units)."""
        entering = leaving = vega = mpf(0)
        unit = self.v.asset.unit
        for series_id, amount in self.v.written.items():
            series = Series(series_id)
            collateral = leg_collateral(series, amount, unit)
            settled = self.ledger.settled.get((series.market, series.expiry))
            if settled is not None:
                owed = up(contracts(amount) * payoff(series.side, series.strike, settled[0]) * unit)
                entering, leaving = entering + owed, leaving + owed
                continue
            value = self.value(series, now)
            if value is None:
                leaving += collateral
                continue
            q, spread = mpf(amount) / WAD, value.vega * self.half_spread(series, now)
            entering += min(q * max(value.bid - spread, 0) * unit, collateral)
            leaving += min(q * (value.ask + spread) * unit, collateral)
            vega += q * value.vega
        return entering, leaving, vega

    def _rebase(self, block: int, now: int) -> None:
        if self.v.base_block == block:
            # What left since the base was renewed, to leavers, fees or sellers, is gone from it until the next block.
            self.v.base_assets = min(self.v.base_assets, mpf(self.v.idle + self.v.locked))
            return
        _, leaving, vega = self.marks(now)
        self.v.base_block, self.v.vega = block, vega
        self.v.base_assets = self.v.idle + self.v.locked - leaving

    # --- trades ---

    def quote_buy(self, series: Series, amount: int, block: int, now: int) -> tuple[Interval, Interval]:
        """Intervals of the premium and of the fee."""
        self._rebase(block, now)
        value = self.value(series, now)
        if value is None:
            raise ValueError("the vault sold a series that it cannot price")
        unit, params, q = self.v.asset.unit, self.v.params, mpf(amount) / WAD
        before = self.v.written.get(series.id, 0)
        collateral = leg_collateral(series, before + amount, unit) - leg_collateral(series, before, unit)
        y, spot = q * value.vega, mpf(self.ledger.feeds[self.v.market].spot()) / WAD
        whole_assets = self.v.base_assets / unit
        skew = mpf(params["skew"]) / WAD / (2 * whole_assets) * ((self.v.vega + y) ** 2 - self.v.vega**2) * unit
        locked = mpf(self.v.locked)
        use = mpf(params["use"]) / WAD / (2 * self.v.base_assets) * ((locked + collateral) ** 2 - locked**2)
        notional = q if self.v.side == CALL else q * spot
        left = mpf(max(series.expiry - AVERAGING - now, 0)) / YEAR
        least = collateral * mpf(params["minRate"]) / WAD * left + notional * mpf(params["floor"]) / WAD * unit
        premium = max(q * value.ask * unit + y * self.half_spread(series, now) * unit + skew + use, least, mpf(1))
        fees = self.v.fees
        fee = min(notional * mpf(fees["ofNotional"]) / WAD * unit, premium * mpf(fees["ofPremium"]) / WAD)
        # Skew and use divide by net assets, which themselves carry the error of every open mark.
        slack = 8 * q * value.error * unit + (skew + use) * mpf(10) ** -12 + ROUNDINGS + len(self.v.written)
        return self._around(premium, slack), self._around(fee, slack)

    def buy(
        self, series: Series, amount: int, now: int, buyer: str, receiver: str, wallet: bool, seen: dict[str, int]
    ) -> None:
        """A sale by the vault at the premium and fee that the chain took."""
        unit, key = self.v.asset.unit, series.book
        value = self.value(series, now)
        assert value is not None
        before = self.v.written.get(series.id, 0)
        collateral = leg_collateral(series, before + amount, unit) - leg_collateral(series, before, unit)
        premium, fee = seen["premium"], seen["fee"]
        performance = premium * self.v.fees["performance"] // WAD
        self._collect(buyer, premium + fee, wallet)
        if fee + performance:
            self.ledger.accrue_fee(self.v.address, key, fee + performance)
        self.ledger.write(self.v.address, series.id, amount, receiver)
        self.v.idle += premium - performance - collateral
        self.v.locked += collateral
        self.v.written[series.id] = before + amount
        self.v.vega += mpf(amount) / WAD * value.vega

    def quote_sell(self, series: Series, amount: int, block: int, now: int) -> Interval:
        """Interval of what a seller gets."""
        self._rebase(block, now)
        value = self.value(series, now)
        if value is None:
            raise ValueError("the vault bought back a series that it cannot price")
        unit, q = self.v.asset.unit, mpf(amount) / WAD
        exact = q * (value.bid - value.vega * self.half_spread(series, now)) * unit
        return self._around(max(exact, mpf(0)), 8 * q * value.error * unit + ROUNDINGS)

    def sell(
        self, series: Series, amount: int, now: int, seller: str, receiver: str, wallet: bool, proceeds: int
    ) -> None:
        """A buyback at what the chain paid."""
        unit = self.v.asset.unit
        value = self.value(series, now)
        assert value is not None
        before = self.v.written[series.id]
        collateral = leg_collateral(series, before, unit) - leg_collateral(series, before - amount, unit)
        self.ledger.close(self.v.address, series.id, amount, seller)
        self.v.idle += collateral - proceeds
        self.v.locked -= collateral
        self._set_written(series.id, before - amount)
        self.v.vega = max(self.v.vega - mpf(amount) / WAD * value.vega, mpf(0))
        self._pay(receiver, proceeds, wallet)

    def release(self, series_id: int) -> None:
        """Forgets a settled series and takes back what it did not owe."""
        series, amount = Series(series_id), self.v.written[series_id]
        settlement, _ = self.ledger.settled[series.market, series.expiry]
        collateral = leg_collateral(series, amount, self.v.asset.unit)
        owed = up(contracts(amount) * payoff(series.side, series.strike, settlement) * self.v.asset.unit)
        self.v.locked -= collateral
        self.v.idle += collateral - owed
        self._set_written(series_id, 0)
        if self.ledger.books[self.v.address, series.book].legs.get(series_id):
            # Its own leg: no bounty.
            self.ledger.settle_leg(self.v.address, series_id, self.v.address, 0)

    # --- requests ---

    def request_deposit(self, owner: str, controller: str, assets: int, now: int) -> None:
        """Assets in from the owner's wallet, waiting."""
        self._collect(owner, assets, wallet=True)
        self.v.requests += 1
        self.v.deposits.append(Request(self.v.requests, controller, assets, now + self.v.params["noticeSeconds"]))

    def request_redeem(self, owner: str, controller: str, shares: int, now: int) -> None:
        """Shares into the vault's keeping, waiting."""
        self._move_shares(owner, self.v.address, shares)
        self.v.redeem_requests += 1
        ready = now + self.v.params["noticeSeconds"]
        self.v.redemptions.append(Request(self.v.redeem_requests, controller, shares, ready))

    def cancel_deposit(self, request_id: int) -> None:
        """Back to the controller's wallet."""
        request = next(each for each in self.v.deposits if each.id == request_id)
        self._pay(request.controller, request.pending, wallet=True)
        request.pending = 0

    def cancel_redeem(self, request_id: int) -> None:
        """Back to the controller."""
        request = next(each for each in self.v.redemptions if each.id == request_id)
        self._move_shares(self.v.address, request.controller, request.pending)
        request.pending = 0

    def process(self, most: int, now: int, seen: list[dict[str, Any]]) -> list[tuple[str, Interval, int]]:
        """Serves both queues, deposits first; returns what was computed beside what the chain gave.

        `seen` lists the chain's own fills in order: kind, assets and shares.
        """
        for series_id in [s for s in self.v.written if self._is_settled(s)]:
            self.release(series_id)
        entering, leaving, _ = self.marks(now)
        enter = self.v.idle + self.v.locked - entering
        leave = self.v.idle + self.v.locked - leaving
        slack = self._marks_slack(now)
        fills, checks = deque(seen), []
        left = most
        while left and self.v.deposits and self.v.deposits[0].ready <= now:
            request = self.v.deposits[0]
            left -= 1
            if request.pending == 0:
                self.v.deposits.popleft()
                continue
            if not fills or fills[0]["kind"] != "deposit":
                break
            fill = fills.popleft()
            assets, shares = int(fill["assets"]), int(fill["shares"])
            exact = assets * (self.v.supply + self._virtual) / (enter + VIRTUAL_ASSETS)
            relative = slack / (enter + VIRTUAL_ASSETS)
            checks.append(("shares of a deposit", self._around(exact, exact * relative + 1), shares))
            checks.append(("assets of a deposit", Interval(request.pending, request.pending), assets))
            request.pending -= assets
            claim = self.v.deposit_claims.setdefault(request.controller, Claim())
            claim.assets, claim.shares = claim.assets + assets, claim.shares + shares
            self._mint_shares(self.v.address, shares)
            self.v.idle += assets
            enter, leave = enter + assets, leave + assets
            if request.pending == 0:
                self.v.deposits.popleft()
        while left and self.v.redemptions and self.v.redemptions[0].ready <= now:
            request = self.v.redemptions[0]
            left -= 1
            if request.pending == 0:
                self.v.redemptions.popleft()
                continue
            if not fills:
                break
            fill = fills.popleft()
            assets, shares = int(fill["assets"]), int(fill["shares"])
            exact = min(shares * (leave + VIRTUAL_ASSETS) / (self.v.supply + self._virtual), leave)
            relative = slack / (leave + VIRTUAL_ASSETS)
            checks.append(("assets of a redemption", self._around(exact, exact * relative + 1), assets))
            whole = request.pending * (leave + VIRTUAL_ASSETS) / (self.v.supply + self._virtual)
            if whole <= self.v.idle - 1:
                checks.append(("shares of a redemption", Interval(request.pending, request.pending), shares))
            request.pending -= shares
            claim = self.v.redeem_claims.setdefault(request.controller, Claim())
            claim.assets, claim.shares = claim.assets + assets, claim.shares + shares
            self._burn_shares(self.v.address, shares)
            self.v.idle -= assets
            enter, leave = enter - assets, leave - assets
            if request.pending:
                break
            self.v.redemptions.popleft()
        if fills:
            raise ValueError(f"the chain served requests that were not due: {list(fills)}")
        return checks

    def claim_deposit(self, controller: str, receiver: str, assets: int | None, shares: int | None) -> None:
        """Shares of processed deposits, for some of the assets (rounded down) or as many shares."""
        claim = self.v.deposit_claims[controller]
        assets, shares = self._split(claim, assets, shares, given_rounds_up=shares is not None)
        self._move_shares(self.v.address, receiver, shares)

    def claim_redemption(self, controller: str, receiver: str, assets: int | None, shares: int | None) -> None:
        """Assets of processed redemptions, as many or for some of the shares (rounded down)."""
        claim = self.v.redeem_claims[controller]
        assets, shares = self._split(claim, assets, shares, given_rounds_up=assets is not None)
        self._pay(receiver, assets, wallet=True)

    @staticmethod
    def _split(claim: Claim, assets: int | None, shares: int | None, *, given_rounds_up: bool) -> tuple[int, int]:
        def part(given: int, of: int, other: int) -> int:
            if given == of:
                return other
            return -(-given * other // of) if given_rounds_up else given * other // of

        if assets is None:
            assert shares is not None
            assets = part(shares, claim.shares, claim.assets)
        elif shares is None:
            shares = part(assets, claim.assets, claim.shares)
        claim.assets -= assets
        claim.shares -= shares
        return assets, shares

    # --- inside ---

    @property
    def _virtual(self) -> int:
        return VIRTUAL_ASSETS * WAD // self.v.asset.unit

    def _is_settled(self, series_id: int) -> bool:
        series = Series(series_id)
        return (series.market, series.expiry) in self.ledger.settled

    def _marks_slack(self, now: int) -> mpf:
        total = mpf(len(self.v.written) + 1)
        for series_id, amount in self.v.written.items():
            value = self.value(Series(series_id), now)
            if value is not None:
                total += 8 * mpf(amount) / WAD * value.error * self.v.asset.unit
        return total

    @staticmethod
    def _around(exact: mpf, slack: mpf) -> Interval:
        return Interval(int(floor(exact - slack)), int(ceil(exact + slack)))

    def _collect(self, payer: str, units: int, wallet: bool) -> None:
        if wallet:
            self.ledger.move_token(self.v.asset.token, payer, self.v.address, units)
            self.ledger.deposit(self.v.address, self.v.asset.token, units)
        else:
            self.ledger.pay(payer, self.v.address, self.v.asset.token, units)

    def _pay(self, receiver: str, units: int, wallet: bool) -> None:
        if units == 0:
            return
        if wallet:
            self.ledger.withdraw(self.v.address, self.v.asset.token, units, receiver)
        else:
            self.ledger.pay(self.v.address, receiver, self.v.asset.token, units)

    def _set_written(self, series_id: int, amount: int) -> None:
        if amount:
            self.v.written[series_id] = amount
        else:
            self.v.written.pop(series_id, None)

    def _mint_shares(self, account: str, shares: int) -> None:
        self.v.supply += shares
        self.v.shares[account] = self.v.shares.get(account, 0) + shares

    def _burn_shares(self, account: str, shares: int) -> None:
        self._move_shares(account, "", shares)
        self.v.shares.pop("")
        self.v.supply -= shares

    def _move_shares(self, source: str, target: str, shares: int) -> None:
        held = self.v.shares.get(source, 0)
        if held < shares:
            raise ValueError(f"{source} has {held} shares, not {shares}")
        self.v.shares[source] = held - shares
        self.v.shares[target] = self.v.shares.get(target, 0) + shares
