"""What a surface is made of: forecast, venue, trades; whom it believes, how far, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.blend import TOO_FAR_APART, VENUE_WEIGHT, Evidence
from ml.book_trades import BAND, HALF_LIFE_SECONDS, MOST_SHARE, Fill, TradeEvidence, listen
from ml.surfaces import Surface, build_surface
from ml.venue import VenueAnswer, VenueSurface
from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.reports import YEAR_SECONDS
from tests.ml.test_surfaces import AS_OF, DAY, SHAPE, term

EXPIRIES = [AS_OF + days * DAY for days in (1, 7, 30)]


def venue(volatility: float, *, age: int = 0, quotes: int = 900, days: tuple[int, ...] = (1, 7, 30)) -> VenueAnswer:
    """A venue that quotes one volatility for all expiries."""
    at = AS_OF - age
    surface = VenueSurface(
        timestamp=at,
        expiry=tuple(AS_OF + day * DAY for day in days),
        theta=tuple(volatility**2 * (day * DAY + age) / YEAR_SECONDS for day in days),
        rho=-0.4,
        eta=1.1,
        quotes=quotes,
        rejected={},
        error_points=0.5,
        forward=1500.0,
    )
    return VenueAnswer("chain.csv", surface, None)


def fill(volatility: float, *, who: int = 0, age: int = 0, k: float = 0.0, quoted: bool = True) -> Fill:
    """A fill between two accounts, at a volatility or at the premium that it makes."""
    expiry, spot = AS_OF + 7 * DAY, 1500.0
    strike = spot * float(np.exp(k))
    years = (expiry - AS_OF + age) / YEAR_SECONDS
    price = float(black76.price(spot, strike, volatility, years, Side.CALL)) / spot
    stated = volatility if quoted else None
    return Fill(AS_OF - age, expiry, strike, Side.CALL, 1.0, price, spot, stated, f"0xa{who}", f"0xb{who}")


def built(**given: object) -> Surface:
    return build_surface(EXPIRIES, AS_OF, term(0.5, 0.5, 0.5), SHAPE, evidence=Evidence(**given))  # type: ignore[arg-type]


def at_the_money(surface: Surface) -> list[float]:
    return [entry.atm_vol for entry in surface.slices]


FORECAST = 0.5 * 1.1**0.5


def test_weights_are_told_and_make_the_level() -> None:
    surface = built(venue=venue(0.7), fills=[fill(0.75, who=who) for who in range(5)])
    assert not surface.refused, surface.reasons
    quality = surface.venue.surface.quality(AS_OF)  # type: ignore[union-attr]
    for entry in surface.slices:
        assert sum(entry.weights.values()) == pytest.approx(1, abs=1e-5)
        assert entry.weights["trades"] == pytest.approx(surface.trades.share, abs=1e-6)
        assert entry.weights["venue"] / entry.weights["forecast"] == pytest.approx(VENUE_WEIGHT * quality, rel=1e-4)
        two = (np.log(FORECAST) + VENUE_WEIGHT * quality * np.log(0.7)) / (1 + VENUE_WEIGHT * quality)
        assert np.log(entry.atm_vol) == pytest.approx(two + surface.trades.share * surface.trades.shift, abs=1e-6)
    assert surface.trades.used == 5 and surface.trades.shift > 0
    assert surface.shape is not None and surface.shape.rho < SHAPE.rho and surface.shape.eta > SHAPE.eta


def test_without_other_sources_the_forecast_speaks_alone() -> None:
    surface = built()
    assert at_the_money(surface) == pytest.approx([FORECAST] * 3, rel=1e-9)
    assert all(entry.weights == {"forecast": 1, "venue": 0, "trades": 0} for entry in surface.slices)
    assert surface.confidence == pytest.approx(1 / 1.5, abs=1e-3)


def test_an_old_or_sparse_venue_is_heard_less_and_lowers_the_confidence() -> None:
    fresh, old, sparse = (built(venue=one) for one in (venue(0.6), venue(0.6, age=3000), venue(0.6, quotes=30)))
    assert fresh.slices[1].weights["venue"] > 0.7
    for worse in (old, sparse):
        assert worse.slices[1].weights["venue"] < fresh.slices[1].weights["venue"]
        assert FORECAST < at_the_money(worse)[1] < at_the_money(fresh)[1]
    assert built(venue=venue(0.95)).confidence < fresh.confidence, "sources that disagree are trusted less"


def test_a_venue_that_gives_nothing_is_named_and_costs_confidence() -> None:
    surface = built(venue=VenueAnswer("chain.csv", None, "stale: its snapshot is 9000 s old"))
    assert not surface.refused and surface.warnings == ("venue: stale: its snapshot is 9000 s old",)
    assert surface.confidence == pytest.approx(0.7 * built().confidence, abs=1e-3)
    assert at_the_money(surface) == pytest.approx([FORECAST] * 3, rel=1e-9)


@pytest.mark.parametrize(
    "volatility", [FORECAST * np.exp(TOO_FAR_APART) * 1.02, FORECAST / np.exp(TOO_FAR_APART) / 1.02]
)
def test_sources_that_contradict_each_other_refuse_the_surface(volatility: float) -> None:
    surface = built(venue=venue(float(volatility)))
    assert surface.refused and "times the forecast" in surface.reasons[0]


def test_expiries_far_from_what_the_venue_quotes_are_the_forecasts_own() -> None:
    surface = built(venue=venue(0.7, days=(1,)))
    assert [entry.weights["venue"] > 0 for entry in surface.slices] == [True, False, False]
    thetas = [entry.packed.theta for entry in surface.slices]
    assert thetas == sorted(thetas) and not surface.refused


def test_too_little_confidence_refuses() -> None:
    wide = term(0.5, 0.5, 0.5)
    doubtful = [replace(one, q10=one.q10 / 1e4, q90=one.q90 * 1e4) for one in wide.forecasts]
    surface = build_surface(EXPIRIES, AS_OF, replace(wide, forecasts=doubtful), SHAPE)
    assert surface.refused and "confidence" in surface.reasons[0]


@settings(max_examples=100, deadline=None)
@given(
    vols=st.tuples(*[st.floats(0.2, 1.5)] * 3),
    quoted=st.floats(0.2, 1.5),
    age=st.integers(0, 3600),
    traded=st.lists(st.floats(0.1, 3.0), max_size=8),
    days=st.sets(st.integers(1, 60), min_size=1, max_size=5),
)
def test_whatever_the_sources_say_what_is_not_refused_fits_the_contract(
    vols: tuple[float, float, float], quoted: float, age: int, traded: list[float], days: set[int]
) -> None:
    evidence = Evidence(
        venue(quoted, age=age, days=tuple(sorted(days))), [fill(vol, who=n) for n, vol in enumerate(traded)]
    )
    surface = build_surface(EXPIRIES, AS_OF, term(*vols), SHAPE, evidence=evidence)
    failed = {check.name for check in surface.checks if not check.ok}
    assert not failed and len(surface.slices) == 3
    assert all(0 <= entry.confidence <= 1 for entry in surface.slices)


# --- trades ---


def heard(*fills: Fill) -> TradeEvidence:
    return listen(fills, AS_OF, lambda expiry, k: 0.5)


def test_a_fill_at_a_premium_is_turned_into_its_volatility() -> None:
    for quoted in (True, False):
        found = heard(fill(0.55, k=0.05, quoted=quoted))
        assert found.used == 1 and found.shift == pytest.approx(np.log(1.1), rel=1e-6)


def test_old_trades_fade_and_then_are_left_out() -> None:
    assert heard(fill(0.55, age=HALF_LIFE_SECONDS)).voices == pytest.approx(0.5)
    assert heard(fill(0.55, age=DAY + 1)).rejected == {"too old": 1}
    assert heard(fill(0.55)).share < heard(*(fill(0.55, who=who) for who in range(9))).share < MOST_SHARE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"maker": "0xa0"}, "one account on both sides"),
        ({"amount": 0.001}, "too small"),
        ({"expiry": AS_OF + 3600}, "too near its expiry"),
        ({"strike": 3000.0}, "far from the money"),
        ({"volatility": None, "price": 0.0}, "no volatility"),
        ({"volatility": float("nan")}, "no volatility"),
        ({"spot": 0.0}, "no volatility"),
        ({"volatility": 0.9}, "too far from the other sources"),
    ],
)
def test_a_trade_that_says_nothing_is_left_out_with_its_reason(change: dict[str, object], reason: str) -> None:
    found = heard(replace(fill(0.5), **change))  # type: ignore[arg-type]
    assert found.used == 0 and found.rejected == {reason: 1} and found.share == 0


def test_who_trades_with_himself_moves_little_whatever_it_costs_him() -> None:
    # One pair of accounts has one voice, many pairs the whole share, and nothing beyond the band is heard at all.
    one = built(fills=[fill(FORECAST * 1.24) for _ in range(200)])
    many = built(fills=[fill(FORECAST * 1.24, who=who) for who in range(500)])
    assert one.trades.voices == pytest.approx(1.0)
    for surface in (one, many):
        moved = np.log(np.array(at_the_money(surface)) / FORECAST)
        assert np.all(moved <= MOST_SHARE * BAND) and np.all(moved > 0)
    assert at_the_money(built(fills=[fill(2.0, who=who) for who in range(500)])) == pytest.approx([FORECAST] * 3)
