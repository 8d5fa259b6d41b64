"""What the oracle would do with a slice: by its rule of moves, and by that of first reports."""

from __future__ import annotations

import pytest

from ml.posted import Oracle, Posted, Verdict, moves
from ml.surfaces import build_surface
from optionix.pricing.reports import Bounds
from optionix.pricing.ssvi import PackedSlice
from tests.ml.test_surfaces import AS_OF, DAY, SHAPE, packed, term

BOUNDS = Bounds(21_600, 0.5, 0.2, DAY)
WEEK = AS_OF + 7 * DAY
MONTH = AS_OF + 30 * DAY


def stored(volatility: float, days: int, age: int = 3600, halted_until: int = 0) -> Posted:
    """A slice posted `age` seconds ago, of an expiry so many days from now."""
    return Posted(packed(volatility, days, at=AS_OF - age), False, halted_until)


def oracle(posted: dict[int, Posted], anchor: float = 0.6, old: bool = True) -> Oracle:
    since = dict.fromkeys(posted, AS_OF - (2 * DAY if old else 60))
    return Oracle(BOUNDS, anchor, posted, since)


def verdict(book: Oracle, entry: PackedSlice, expiry: int = WEEK) -> Verdict:
    return moves(book, {expiry: entry}, AS_OF)[expiry].verdict


def test_a_move_within_the_bound_fits_and_one_beyond_it_would_be_clipped() -> None:
    book = oracle({WEEK: stored(0.6, 7)})
    allowed = 0.5 / 24
    assert verdict(book, packed(0.605, 7)) is Verdict.FITS
    assert verdict(book, packed(0.6 + 2 * allowed, 7)) is Verdict.CLIPPED
    found = moves(book, {WEEK: packed(0.7, 7)}, AS_OF)[WEEK]
    assert found.limit == pytest.approx(allowed) and found.move > 0.09
    assert found.problem is not None and "clipped" in found.problem
    assert found.posted_at == AS_OF - 3600 and found.posted_volatility == pytest.approx(0.6, abs=0.01)


def test_a_report_of_the_stored_time_is_not_newer() -> None:
    assert verdict(oracle({WEEK: stored(0.6, 7, age=0)}), packed(0.6, 7)) is Verdict.NOT_NEWER


def test_a_halt_that_lasts_is_told() -> None:
    found = moves(oracle({WEEK: stored(0.6, 7, halted_until=AS_OF + 50)}), {WEEK: packed(0.6, 7)}, AS_OF)[WEEK]
    assert found.halted_until == AS_OF + 50


def test_a_first_report_lies_near_the_anchor_or_near_an_expiry_that_vouches() -> None:
    assert verdict(oracle({}, anchor=0.6), packed(0.65, 7)) is Verdict.FIRST
    assert verdict(oracle({}, anchor=0.6), packed(1.6, 7)) is Verdict.TOO_FAR
    assert verdict(oracle({}, anchor=0.0), packed(0.6, 7)) is Verdict.TOO_FAR
    far_market = {MONTH: stored(1.55, 30)}
    assert verdict(oracle(far_market, anchor=0.6), packed(1.6, 7)) is Verdict.FIRST
    assert verdict(oracle(far_market, anchor=0.6, old=False), packed(1.6, 7)) is Verdict.TOO_FAR, (
        "new ones do not vouch"
    )
    stale = {MONTH: stored(1.55, 30, age=BOUNDS.heartbeat + 1)}
    assert verdict(oracle(stale, anchor=0.6), packed(1.6, 7)) is Verdict.TOO_FAR


def test_an_earlier_expiry_of_the_batch_vouches_with_what_the_batch_stores() -> None:
    book = oracle({WEEK: stored(0.6, 7)}, anchor=0.0)
    batch = {WEEK: packed(0.61, 7), MONTH: packed(0.9, 30)}
    near = moves(book, batch, AS_OF)[MONTH]
    assert near.verdict is Verdict.FIRST and near.move == pytest.approx(0.29 * 1.3, abs=0.05)
    assert moves(book, {**batch, MONTH: packed(1.4, 30)}, AS_OF)[MONTH].verdict is Verdict.TOO_FAR


def test_a_surface_says_what_the_chain_would_clip_and_is_not_refused_for_it() -> None:
    surface = build_surface([WEEK], AS_OF, term(0.9, 0.9, 0.9), SHAPE, oracle=oracle({WEEK: stored(0.6, 7)}))
    (entry,) = surface.slices
    assert entry.move is not None and entry.move.verdict is Verdict.CLIPPED
    assert not surface.refused, "the keeper posts it when the stored slice is old enough"
    assert "clipped" in surface.warnings[0]
