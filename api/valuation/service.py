"""Values options, quotes trades and marks vaults at one block, as the contracts would there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from api.valuation.repository import MarketState
from optionix.instruments import Side
from optionix.pricing import contract
from optionix.pricing import vault as vault_pricing
from optionix.pricing.contract import PricingError
from optionix.pricing.payoff import WAD, collateral_up, scale_of
from optionix.pricing.ssvi import PackedSlice
from optionix.pricing.vault import Conditions, Fees, Marks, Params, Quote, QuoteRefused, State, Value
from optionix.store.models import Series, Surface, Vault

STRIKE_UNIT = 10**10


@dataclass(frozen=True)
class Priced:
    """A quote, or why there is none."""

    quote: Quote | None
    value: Value | None
    refusal: QuoteRefused | None


class Valuation:
    """All prices of a market at one block; nothing is read again and nothing is computed twice."""

    def __init__(self, state: MarketState) -> None:
        self.state = state
        self._values: dict[int, Value | QuoteRefused] = {}
        self._conditions: dict[tuple[int, int], Conditions | QuoteRefused] = {}
        self._states: dict[int, State] = {}

    @cached_property
    def spot(self) -> int | None:
        """The feed's newest price, WAD."""
        return self.state.spot.price if self.state.spot else None

    def slice_of(self, expiry: int) -> PackedSlice | None:
        """The newest slice of an expiry."""
        surface = self.state.surfaces.get(expiry)
        return newest_slice(surface) if surface is not None and surface.timestamp else None

    def forward(self, expiry: int) -> int | None:
        """The forward of an expiry, WAD."""
        newest = self.slice_of(expiry)
        if self.spot is None or newest is None:
            return None
        left = max(expiry - vault_pricing.AVERAGING_SECONDS - self.state.time, 0)
        return contract.forward_of(self.spot, newest.carry, left)[0]

    def atm_volatility(self, expiry: int) -> float | None:
        """Volatility at the forward."""
        newest, forward = self.slice_of(expiry), self.forward(expiry)
        if newest is None or forward is None or self.spot is None or expiry <= self.state.time:
            return None
        return contract.mark(self.spot, forward, Side.CALL, newest, expiry, self.state.time).volatility / WAD

    def value(self, series: Series) -> Value:
        """Mid and guarded prices of a live series.

        Raises
        ------
        QuoteRefused
            When it cannot be priced now.
        """
        known = self._values.get(series.series_id)
        if known is None:
            known = self._values[series.series_id] = self._value(series)
        if isinstance(known, QuoteRefused):
            raise known
        return known

    def conditions(self, expiry: int, side: int) -> Conditions:
        """What prices an expiry for the vault of a side.

        Raises
        ------
        QuoteRefused
            Without a vault, a slice, or a fresh price.
        """
        known = self._conditions.get((expiry, side))
        if known is None:
            try:
                known = self._read_conditions(expiry, side)
            except QuoteRefused as refusal:
                known = refusal
            self._conditions[expiry, side] = known
        if isinstance(known, QuoteRefused):
            raise known
        return known

    def buy(self, series: Series, amount: int) -> Priced:
        """The vault's ask for `amount` (WAD)."""
        return self._price(series, amount, is_buy=True)

    def sell(self, series: Series, amount: int) -> Priced:
        """The vault's bid for `amount` (WAD)."""
        return self._price(series, amount, is_buy=False)

    def written(self, series: Series) -> int:
        """Contracts of a series that the side's vault has written, WAD."""
        vault = self.state.vaults.get(series.side)
        held = self.state.open_series.get(vault.address, ()) if vault else ()
        return next((row.amount for row, other in held if other.series_id == series.series_id), 0)

    def marks(self, vault: Vault) -> list[tuple[Series, int, Marks, bool]]:
        """Each open series of a vault with its amount, its liability and whether it could be priced."""
        side = Side(vault.side)
        scale = scale_of(vault.asset_decimals)
        result = []
        for written, series in self.state.open_series.get(vault.address, ()):
            strike = series.strike * STRIKE_UNIT
            settled = self.state.expiries[series.expiry].settlement_price
            if settled is not None:
                marks, priced = vault_pricing.mark_settled(side, strike, written.amount, settled, scale), True
            else:
                try:
                    conditions = self.conditions(series.expiry, vault.side)
                    marks, priced = vault_pricing.mark_leg(side, strike, written.amount, conditions, scale), True
                except (QuoteRefused, PricingError):
                    marks, priced = vault_pricing.mark_unpriced(side, strike, written.amount, scale), False
            result.append((series, written.amount, marks, priced))
        return result

    def vault_state(self, vault: Vault) -> State:
        """The cost function's base as a trade in the next block would renew it."""
        known = self._states.get(vault.side)
        if known is None:
            total = vault_pricing.total(marks for _, _, marks, _ in self.marks(vault))
            known = State(vault.idle_assets + vault.locked - total.leaving, total.short_vega, vault.locked)
            self._states[vault.side] = known
        return known

    def _price(self, series: Series, amount: int, *, is_buy: bool) -> Priced:
        value: Value | None = None
        try:
            value = self.value(series)
            vault = self.state.vaults.get(series.side)
            if vault is None:
                raise QuoteRefused("NoVault", "No vault quotes this side.")
            if vault.trades_paused:
                raise QuoteRefused("Paused", "Trading is paused.")
            conditions = self.conditions(series.expiry, series.side)
            params = params_of(vault)
            surface = self.state.surfaces[series.expiry]
            vault_pricing.check_tradable(
                conditions,
                value,
                amount,
                params,
                max_age=self.state.feed(series.expiry).max_age,
                halted=surface.halted_until > self.state.time,
                heartbeat=self.state.heartbeat,
            )
            side, strike, before = Side(series.side), series.strike * STRIKE_UNIT, self.written(series)
            scale = scale_of(vault.asset_decimals)
            if is_buy:
                state = self.vault_state(vault)
                quote = vault_pricing.buy(
                    side, strike, before, amount, conditions, value, state, params, fees_of(vault), scale
                )
            else:
                quote = vault_pricing.sell(side, strike, before, amount, conditions, value, scale)
        except QuoteRefused as refusal:
            return Priced(None, value, refusal)
        return Priced(quote, value, None)

    def _value(self, series: Series) -> Value | QuoteRefused:
        try:
            conditions = self.conditions(series.expiry, series.side)
            return vault_pricing.value(Side(series.side), series.strike * STRIKE_UNIT, conditions)
        except QuoteRefused as refusal:
            return refusal
        except PricingError as error:
            return QuoteRefused("PricesOutOfRange", str(error))

    def _read_conditions(self, expiry: int, side: int) -> Conditions:
        time, spot = self.state.time, self.state.spot
        vault, surface = self.state.vaults.get(side), self.state.surfaces.get(expiry)
        if expiry <= time:
            raise QuoteRefused("Expired", "This series has expired.")
        if vault is None:
            raise QuoteRefused("NoVault", "No vault quotes this side.")
        if surface is None or surface.timestamp == 0:
            raise QuoteRefused("NoSlice", "This expiry has no volatility yet.")
        feed = self.state.feed(expiry)
        if spot is None or spot.updated_at + feed.max_age < time:
            raise QuoteRefused("StalePrice", "The price feed is older than its maximum age.")
        if not feed.min_price <= spot.price <= feed.max_price:
            raise QuoteRefused("PriceOutOfRange", "The price feed's answer is outside its sane range.")
        return vault_pricing.conditions(
            expiry,
            time,
            spot.price,
            feed.deviation_bps,
            newest_slice(surface),
            previous_slice(surface),
            params_of(vault),
            self.state.volatility_per_day,
            self.state.carry_per_day,
        )


def newest_slice(surface: Surface) -> PackedSlice:
    """The stored slice."""
    return PackedSlice(surface.theta, surface.phi, surface.rho, surface.carry, surface.timestamp)


def previous_slice(surface: Surface) -> PackedSlice | None:
    """The slice that it replaced, if any."""
    if surface.previous_timestamp == 0:
        return None
    return PackedSlice(
        surface.previous_theta,
        surface.previous_phi,
        surface.previous_rho,
        surface.previous_carry,
        surface.previous_timestamp,
    )


def params_of(vault: Vault) -> Params:
    """The quote's parameters from the stored struct."""
    stored = vault.params
    return Params(
        half_spread=int(stored["halfSpread"]),
        half_spread_per_day=int(stored["halfSpreadPerDay"]),
        skew=int(stored["skew"]),
        use=int(stored["use"]),
        min_rate=int(stored["minRate"]),
        floor=int(stored["floor"]),
        min_abs_delta=int(stored["minAbsDelta"]),
        max_abs_delta=int(stored["maxAbsDelta"]),
        max_utilisation=int(stored["maxUtilisation"]),
        min_amount=int(stored["minAmount"]),
        guard_window=int(stored["guardWindow"]),
    )


def fees_of(vault: Vault) -> Fees:
    """The fees from the stored struct."""
    return Fees(int(vault.fees["ofNotional"]), int(vault.fees["ofPremium"]))


def locked_for(series: Series, amount: int, decimals: int) -> int:
    """Collateral of a written amount, token units."""
    return collateral_up(Side(series.side), series.strike * STRIKE_UNIT, amount, scale_of(decimals))
