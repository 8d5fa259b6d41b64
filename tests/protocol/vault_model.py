"""A vault's bookkeeping, plain: trades, queues, claims and what refuses them, over the ledger of tests/oracle.

Prices come from `optionix.pricing.vault`, which states the contract's own integers and roundings: all is exact.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from optionix.instruments import Side
from optionix.pricing import vault as pricing
from optionix.pricing.ssvi import PackedSlice
from tests.oracle.feeds import DAY, Feed
from tests.oracle.ledger import Ledger
from tests.oracle.refusals import Refused, require
from tests.oracle.series import Series

WAD = 10**18
VIRTUAL_ASSETS = 1000
TRADE = 1
WALLET = 1


@dataclass
class Request:
    """Assets or shares that wait until they are ready."""

    id: int
    controller: str
    pending: int
    ready: int


@dataclass
class Queue:
    """Requests, oldest first, and what controllers can claim: assets and shares."""

    waiting: list[Request] = field(default_factory=list)
    claims: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    records: list[Request] = field(default_factory=list)

    def push(self, controller: str, units: int, ready: int) -> None:
        """At its end."""
        self.records.append(Request(len(self.records) + 1, controller, units, ready))
        self.waiting.append(self.records[-1])

    def take(self, controller: str, given: int, of: int, *, up: bool) -> tuple[int, int]:
        """Takes assets (`of` 0) or shares (`of` 1) of a claim with what goes with them; returns assets and shares."""
        claim = self.claims[controller]
        require(given <= claim[of], "ClaimTooLarge")
        other = claim[1 - of]
        if given != claim[of]:
            other = -(-given * other // claim[of]) if up else given * other // claim[of]
        taken = (given, other) if of == 0 else (other, given)
        claim[0], claim[1] = claim[0] - taken[0], claim[1] - taken[1]
        return taken


@dataclass
class Surroundings:
    """What the vaults read: slices by expiry (newest and the one before), halted expiries, the oracle's bounds."""

    feed: Feed
    listed: frozenset[int]
    heartbeat: int
    volatility_per_day: int
    carry_per_day: int
    band_bps: int
    slices: dict[int, tuple[PackedSlice, PackedSlice | None]] = field(default_factory=dict)
    halted_until: dict[int, int] = field(default_factory=dict)
    flags: set[tuple[str, str]] = field(default_factory=set)
    now: int = 0


@dataclass
class VaultModel:
    """One vault; `minimum` and `notice` are of its requests, `performance` is its share of premiums (WAD)."""

    address: str
    side: Side
    token: str
    unit: int
    params: pricing.Params
    fees: pricing.Fees
    performance: int
    notice: int
    minimum: int
    ledger: Ledger
    around: Surroundings
    idle: int = 0
    locked: int = 0
    vega: int = 0
    supply: int = 0
    paused: bool = False
    deposits_paused: bool = False
    written: dict[int, int] = field(default_factory=dict)
    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    deposits: Queue = field(default_factory=Queue)
    redemptions: Queue = field(default_factory=Queue)

    @property
    def scale(self) -> int:
        """WAD of one token unit."""
        return WAD // self.unit

    # --- prices ---

    def conditions(self, expiry: int) -> pricing.Conditions:
        """What prices an expiry now."""
        a = self.around
        newest, previous = a.slices[expiry]
        return pricing.conditions(
            expiry,
            a.now,
            a.feed.spot(),
            a.band_bps,
            newest,
            previous,
            self.params,
            a.volatility_per_day,
            a.carry_per_day,
        )

    def _is_stale(self, expiry: int) -> bool:
        return self.around.now > self.around.slices[expiry][0].timestamp + self.around.heartbeat

    def _feed_refusal(self) -> str:
        feed, newest = self.around.feed, self.around.feed.rounds[-1]
        if newest.time + feed.max_age < self.around.now:
            return "StalePrice"
        return "" if feed.least <= newest.wad <= feed.most else "PriceOutOfRange"

    def marks(self) -> tuple[pricing.Marks, bool]:
        """The open series marked, and whether all could be."""
        found, priced = [], True
        for series_id, amount in self.written.items():
            series = Series(series_id)
            if self._is_stale(series.expiry) or self._feed_refusal():
                priced = False
                found.append(pricing.mark_unpriced(self.side, series.strike, amount, self.scale))
            else:
                c = self.conditions(series.expiry)
                found.append(pricing.mark_leg(self.side, series.strike, amount, c, self.scale))
        return pricing.total(found), priced

    def _tradable(self, series: Series, amount: int) -> tuple[pricing.Conditions, pricing.Value]:
        require(series.id in self.around.listed, "UnlistedSeries")
        require(amount >= self.params.min_amount, "AmountTooSmall")
        require(not self._is_cut_off(series.expiry), "TradingCutoff")
        require(self.around.halted_until.get(series.expiry, 0) <= self.around.now, "Halted")
        require(not self._is_stale(series.expiry), "StaleSlice")
        c = self.conditions(series.expiry)
        value = pricing.value(self.side, series.strike, c)
        require(self.params.min_abs_delta <= abs(value.delta) <= self.params.max_abs_delta, "DeltaOutsideBand")
        return c, value

    def _is_cut_off(self, expiry: int) -> bool:
        return pricing.is_cut_off(expiry, self.around.now, self.around.feed.max_age)

    # --- trades ---

    def buy(
        self, caller: str, series_id: int, amount: int, most: int, receiver: str, deadline: int, funds: int
    ) -> None:
        self._open(deadline)
        series, marks = Series(series_id), self.marks()[0]
        base = self.idle + self.locked - marks.leaving
        require(series.market == 1 and series.side == self.side.value, "WrongMarket")
        before = self.written.get(series_id, 0)
        c, value = self._tradable(series, amount)
        try:
            state = pricing.State(base, marks.short_vega, self.locked)
            quote = pricing.buy(
                self.side, series.strike, before, amount, c, value, state, self.params, self.fees, self.scale
            )
        except pricing.QuoteRefused as refused:
            raise Refused(refused.reason) from refused
        self.around.feed.checkpoint(self.around.now)
        require(quote.total <= most, "CostAboveLimit")
        self._collect(caller, quote.total, funds)
        premium = quote.total - quote.fee
        performance = premium * self.performance // WAD
        self.idle += premium - performance - quote.collateral
        require(self.idle >= 0, "UtilisationAboveCap")
        self.locked += quote.collateral
        self.vega = marks.short_vega + quote.vega
        self.written[series_id] = before + amount
        self.ledger.accrue_fee(self.address, series.book, quote.fee + performance)
        require(amount % 10**10 == 0, "BadAmount")
        self.ledger.write(self.address, series_id, amount, receiver)

    def sell(
        self, caller: str, series_id: int, amount: int, least: int, receiver: str, deadline: int, funds: int
    ) -> None:
        self._open(deadline)
        series, marks = Series(series_id), self.marks()[0]
        before = self.written.get(series_id, 0)
        require(before >= amount, "LegTooSmall")
        c, value = self._tradable(series, amount)
        quote = pricing.sell(self.side, series.strike, before, amount, c, value, self.scale)
        self.around.feed.checkpoint(self.around.now)
        require(quote.total >= least, "ProceedsBelowLimit")
        self.locked -= quote.collateral
        self.idle += quote.collateral - quote.total
        self.vega = max(marks.short_vega - quote.vega, 0)
        self.written[series_id] = before - amount
        if before == amount:
            del self.written[series_id]
        require((caller, self.address) in self.around.flags, "NotAuthorised")
        require(amount % 10**10 == 0, "BadAmount")
        self.ledger.close(self.address, series_id, amount, caller)
        self._pay(receiver, quote.total, funds)

    def _open(self, deadline: int) -> None:
        require(self.around.now <= deadline, "DeadlinePassed")
        require(not self.paused, "Paused")
        # Spot is read and kept once, before anything else is looked at.
        if refusal := self._feed_refusal():
            raise Refused(refusal)

    # --- requests ---

    def requestDeposit(self, caller: str, assets: int, controller: str, owner: str) -> None:
        require(not self.deposits_paused, "Paused")
        require(caller == owner, "NotController")
        require(assets, "ZeroAssets")
        require(assets >= self.minimum, "RequestTooSmall")
        self._collect(owner, assets, WALLET)
        self.deposits.push(controller, assets, self.around.now + self.notice)

    def requestRedeem(self, caller: str, shares: int, controller: str, owner: str) -> None:
        require(caller == owner, "ERC20InsufficientAllowance")
        require(shares, "ZeroShares")
        held = self.shares[owner]
        require(shares >= self.minimum * self.scale or shares == held, "RequestTooSmall")
        require(held >= shares, "ERC20InsufficientBalance")
        self._move(owner, self.address, shares)
        self.redemptions.push(controller, shares, self.around.now + self.notice)

    def cancelDeposit(self, caller: str, request: int) -> None:
        controller, assets = self._cancel(self.deposits, caller, request)
        self._pay(controller, assets, WALLET)

    def cancelRedeem(self, caller: str, request: int) -> None:
        controller, shares = self._cancel(self.redemptions, caller, request)
        self._move(self.address, controller, shares)

    def _cancel(self, queue: Queue, caller: str, number: int) -> tuple[str, int]:
        require(0 < number <= len(queue.records), "NotController")
        request = queue.records[number - 1]
        require(caller == request.controller, "NotController")
        waits = self.around.now < request.ready or self.around.now >= request.ready + DAY
        require(request.pending and waits, "NotCancellable")
        pending, request.pending = request.pending, 0
        return request.controller, pending

    # --- processing ---

    def process(self, caller: str, most: int) -> None:
        marks, priced = self.marks()
        require(not any(self._is_cut_off(Series(each).expiry) for each in self.written), "ProcessingCutoff")
        # Three days without a price are not lived through here.
        require(priced, "StaleSlice")
        total = self.idle + self.locked
        entering, leaving = total - marks.entering, total - marks.leaving
        left = most
        while not self.deposits_paused and left and (request := self._ready(self.deposits)):
            left -= 1
            self.deposits.waiting.pop(0)
            assets, request.pending = request.pending, 0
            if assets:
                shares = assets * (self.supply + self._virtual) // (entering + VIRTUAL_ASSETS)
                self._claimable(self.deposits, request.controller, assets, shares)
                entering, leaving, self.idle = entering + assets, leaving + assets, self.idle + assets
                self.supply += shares
                self.shares[self.address] += shares
        while left and (request := self._ready(self.redemptions)):
            left -= 1
            shares = request.pending
            assets = min(shares * (leaving + VIRTUAL_ASSETS) // (self.supply + self._virtual), leaving)
            if shares and (assets > self.idle or not self.idle):
                shares = self.idle * (self.supply + self._virtual) // (leaving + VIRTUAL_ASSETS)
                if not shares:
                    left += 1
                    break
                assets = min(shares * (leaving + VIRTUAL_ASSETS) // (self.supply + self._virtual), leaving)
            request.pending -= shares
            if shares:
                self._claimable(self.redemptions, request.controller, assets, shares)
                leaving, self.idle = leaving - assets, self.idle - assets
                self.supply -= shares
                self.shares[self.address] -= shares
            if request.pending:
                break
            self.redemptions.waiting.pop(0)
        if left == most:
            self._refuse()

    def _refuse(self) -> None:
        queues = [self.redemptions] if self.deposits_paused else [self.redemptions, self.deposits]
        ready = min((queue.waiting[0].ready for queue in queues if queue.waiting), default=0)
        raise Refused("NoticeNotOver" if ready > self.around.now else "NothingToProcess")

    def _ready(self, queue: Queue) -> Request | None:
        return queue.waiting[0] if queue.waiting and queue.waiting[0].ready <= self.around.now else None

    @staticmethod
    def _claimable(queue: Queue, controller: str, assets: int, shares: int) -> None:
        claim = queue.claims[controller]
        claim[0], claim[1] = claim[0] + assets, claim[1] + shares

    # --- claims ---

    def deposit(self, caller: str, assets: int, receiver: str) -> None:
        self._move(self.address, receiver, self.deposits.take(caller, assets, 0, up=False)[1])

    def mint(self, caller: str, shares: int, receiver: str) -> None:
        self._move(self.address, receiver, self.deposits.take(caller, shares, 1, up=True)[1])

    def redeem(self, caller: str, shares: int, receiver: str, controller: str) -> None:
        require(caller == controller, "NotController")
        self._pay(receiver, self.redemptions.take(controller, shares, 1, up=False)[0], WALLET)

    def withdraw(self, caller: str, assets: int, receiver: str, controller: str) -> None:
        require(caller == controller, "NotController")
        self._pay(receiver, self.redemptions.take(controller, assets, 0, up=True)[0], WALLET)

    # --- inside ---

    @property
    def _virtual(self) -> int:
        return VIRTUAL_ASSETS * self.scale

    def _move(self, giver: str, taker: str, shares: int) -> None:
        self.shares[giver] -= shares
        self.shares[taker] += shares

    def _collect(self, payer: str, units: int, funds: int) -> None:
        if funds == WALLET:
            self.ledger.move_token(self.token, payer, self.address, units)
            self.ledger.deposit(self.address, self.token, units)
        else:
            require((payer, self.address) in self.around.flags, "NotAuthorised")
            self.ledger.pay(payer, self.address, self.token, units)

    def _pay(self, receiver: str, units: int, funds: int) -> None:
        if units == 0:
            return
        if funds == WALLET:
            self.ledger.withdraw(self.address, self.token, units, receiver)
        else:
            self.ledger.pay(self.address, receiver, self.token, units)
