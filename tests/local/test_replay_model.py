"""The replayed path passes through each bar's four prices, and the feed keeps its own rules on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix.data import ASSETS, BAR_SECONDS, Bars, load_bars
from optionix.errors import UserError
from optionix.local.replay_model import ANSWER_UNIT, FeedRules, PricePath, Round, next_round

RULES = FeedRules()


@st.composite
def _bars(draw: st.DrawFn) -> Bars:
    """A few bars of any shape, with or without gaps between them."""
    count = draw(st.integers(1, 4))
    price = draw(st.floats(0.5, 60_000))
    columns: list[list[float]] = []
    ts, opening = [], 1_678_060_800
    for _ in range(count):
        ts.append(opening)
        opening += BAR_SECONDS * draw(st.sampled_from([1, 1, 1, 3]))
        four = sorted(round(price * draw(st.floats(0.8, 1.25)), 2) for _ in range(4))
        low, a, b, high = four
        columns.append([a, high, low, b] if draw(st.booleans()) else [b, high, low, a])
    table = np.array(columns)
    return Bars("ETH", np.array(ts, np.int64), *(table[:, k] for k in range(4)), np.ones(count))


@given(_bars(), st.text(max_size=5))
@settings(max_examples=60, deadline=None)
def test_path_passes_open_high_low_close_and_stays_inside(bars: Bars, seed: str) -> None:
    path = PricePath(bars, seed)
    for index in range(len(bars)):
        prices = path.seconds(index)
        four = [round(float(c[index]) * ANSWER_UNIT) for c in (bars.open, bars.high, bars.low, bars.close)]
        assert len(prices) == BAR_SECONDS
        assert [prices[0], prices.max(), prices.min(), prices[-1]] == four


def _replay(path: PricePath, first: int, rules: FeedRules = RULES) -> list[Round]:
    rounds = [Round(first, path.at(first))]
    while (following := next_round(path, rounds[-1], rules)) is not None:
        rounds.append(following)
    return rounds


@given(_bars(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_every_half_hour_holds_five_to_sixty_rounds(bars: Bars, offset: int) -> None:
    path = PricePath(bars, "seed")
    rounds = _replay(path, path.start + min(offset, 900))
    times = np.array([r.timestamp for r in rounds])
    spacing = np.diff(times)
    assert spacing.size == 0 or (spacing.min() >= 30 and spacing.max() <= 300)
    for end in range(int(times[0]) + BAR_SECONDS, int(times[-1]), 97):
        inside = int(((times > end - BAR_SECONDS) & (times <= end)).sum())
        assert 5 <= inside <= 60


@given(_bars())
@settings(max_examples=40, deadline=None)
def test_a_round_comes_as_soon_as_the_price_moved_and_not_before(bars: Bars) -> None:
    path = PricePath(bars, "seed")
    rounds = _replay(path, path.start)
    for last, following in itertools.pairwise(rounds):
        assert following.answer == path.at(following.timestamp)
        between = path.between(last.timestamp + 30, following.timestamp - 1)
        assert (np.abs(between - last.answer) * 10_000 < last.answer * 10).all()
        moved = abs(following.answer - last.answer) * 10_000 >= last.answer * 10
        assert moved or following.timestamp == last.timestamp + 300


def test_the_same_seed_gives_the_same_rounds_and_another_does_not() -> None:
    bars = load_bars("ETH").until(1_667_260_800 + 20 * BAR_SECONDS)
    start = int(bars.ts[0])
    once = _replay(PricePath(bars, "a"), start)
    assert once == _replay(PricePath(bars, "a"), start)
    assert once != _replay(PricePath(bars, "b"), start)
    # Written down: a change of the path would change every replay that anybody has described.
    assert once[1:3] == GOLDEN


GOLDEN = [Round(1_667_261_036, 157_108_049_639), Round(1_667_261_180, 156_946_645_640)]


def test_a_replay_goes_on_from_any_round() -> None:
    path = PricePath(load_bars("BTC").until(1_667_260_800 + 8 * BAR_SECONDS), "seed")
    whole = _replay(path, path.start)
    assert [whole[7], *_replay_from(path, whole[7])] == whole[7:]


def _replay_from(path: PricePath, last: Round) -> list[Round]:
    rounds = []
    while (following := next_round(path, last, RULES)) is not None:
        rounds.append(last := following)
    return rounds


def test_no_round_lies_past_the_history() -> None:
    path = PricePath(load_bars("ETH").until(1_667_260_800 + 2 * BAR_SECONDS), "seed")
    assert path.end - 300 <= _replay(path, path.start)[-1].timestamp < path.end


def test_missing_bars_hold_the_last_close() -> None:
    path = PricePath(load_bars("ETH"), "seed")
    gap = 1_679_662_800  # 2023-03-24 13:00: the exchange stood still for an hour
    assert gap not in path.bars.ts
    before = path.at(gap - 1)
    assert set(path.between(gap, gap + 3599).tolist()) == {before}


@pytest.mark.parametrize("asset", ASSETS)
def test_history_is_whole_and_sane(asset: str) -> None:
    bars = load_bars(asset)
    assert (len(bars), int(bars.ts[0]), bars.end) == (10_174, 1_667_260_800, 1_685_577_600)
    assert (np.diff(bars.ts) > 0).all() and (bars.ts % BAR_SECONDS == 0).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()


@pytest.mark.parametrize("offset", [-1, 0, 1, 1799, 1800])
def test_history_until_a_time_never_looks_ahead(offset: int) -> None:
    opening = 1_678_060_800
    bars = load_bars("ETH", until=opening + offset)
    assert bars.end <= opening + offset
    assert bars.end > opening + offset - BAR_SECONDS


def test_an_unknown_asset_is_one_clear_line() -> None:
    with pytest.raises(UserError, match="DOGE.*ETH"):
        load_bars("DOGE")
