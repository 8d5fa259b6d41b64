"""The plain model's own rules of settlement, on histories short enough to work out by hand."""

from __future__ import annotations

import pytest

from tests.oracle.feeds import DAY, MOST_ROUNDS, PHASE, WINDOW, Feed
from tests.oracle.refusals import Refused

EXPIRY = 20_000 * DAY + 8 * 3600
DOLLAR = 10**8
WAD = 10**18


def feed(*rounds: tuple[int, int]) -> Feed:
    """Rounds by seconds before expiry and dollars."""
    found = Feed(max_age=3600, least=WAD, most=10**6 * WAD)
    for before, dollars in rounds:
        found.post(EXPIRY - before, dollars * DOLLAR)
    return found


def last(found: Feed, after: int = 60) -> int:
    """The id that proves a settlement so long after expiry."""
    proof = found.last_round(EXPIRY, EXPIRY + after)
    assert proof is not None
    return proof.id


def test_each_answer_counts_for_the_time_it_was_in_force() -> None:
    found = feed((2000, 100), (900, 200), (450, 400))
    assert found.settle(EXPIRY, last(found), EXPIRY + 60) == (100 * 900 + 200 * 450 + 400 * 450) * WAD // WINDOW


def test_a_round_without_a_successor_waits_a_minute() -> None:
    found = feed((1800, 100))
    assert found.last_round(EXPIRY, EXPIRY + 59) is None
    found.post(EXPIRY + 30, 100 * DOLLAR)
    assert last(found, after=31) == 1 << PHASE | 1


@pytest.mark.parametrize(
    ("rounds", "error"),
    [
        (((5000, 100),), "StalePrice"),
        (((1800, 100), (900, 0)), "PriceOutOfRange"),
        (((900, 100),), "WindowNotCovered"),
    ],
)
def test_a_window_that_proves_nothing_falls_back_after_a_day(rounds: tuple[tuple[int, int], ...], error: str) -> None:
    found = feed(*rounds)
    with pytest.raises(Refused, match=error):
        found.settle(EXPIRY, last(found), EXPIRY + 60)
    with pytest.raises(Refused, match="FallbackNotOpen"):
        found.settle_at_last_round(EXPIRY, last(found), EXPIRY + DAY - 1)
    assert found.settle_at_last_round(EXPIRY, last(found), EXPIRY + DAY) == 100 * WAD
    with pytest.raises(Refused, match="LastRoundStands"):
        found.settle_at_checkpoint(EXPIRY, EXPIRY + 8 * DAY)


def test_a_proof_is_not_passed_over() -> None:
    found = feed((1800, 100))
    with pytest.raises(Refused, match="ProofStands"):
        found.settle_at_last_round(EXPIRY, last(found), EXPIRY + DAY)


def test_a_long_window_takes_a_second_call() -> None:
    found = feed(*((WINDOW - each * 3, 100) for each in range(MOST_ROUNDS + 10)))
    proof = last(found)
    assert found.settle(EXPIRY, proof, EXPIRY + 60) == 0
    assert found.settle(EXPIRY, proof, EXPIRY + 61) == 100 * WAD


def test_the_window_is_filled_from_the_phase_before() -> None:
    found = feed((2000, 100))
    found.start_phase()
    found.post(EXPIRY - 900, 300 * DOLLAR)
    assert last(found) == 2 << PHASE | 1
    assert found.settle(EXPIRY, last(found), EXPIRY + 60) == 200 * WAD


def test_the_checkpointed_phase_settles_though_another_is_live() -> None:
    found = feed((2000, 100))
    found.checkpoint(EXPIRY - 1000)
    found.start_phase()
    found.post(EXPIRY - 900, 300 * DOLLAR)
    assert found.settle(EXPIRY, last(found), EXPIRY + 60) == 100 * WAD
    found.checkpoint(EXPIRY - 800)
    assert last(found) == 2 << PHASE | 1


def test_the_last_checkpoint_before_expiry_ends_it_where_nothing_can_be_read() -> None:
    found = feed((2 * DAY, 50), (2000, 100), (1000, 120))
    found.checkpoint(EXPIRY - 900)
    found.checkpoint(EXPIRY - 850)  # too soon to be kept
    found.start_phase()
    assert found.last_round(EXPIRY, EXPIRY + DAY) is None
    with pytest.raises(Refused, match="FallbackNotOpen"):
        found.settle_at_checkpoint(EXPIRY, EXPIRY + 8 * DAY - 1)
    assert found.settle_at_checkpoint(EXPIRY, EXPIRY + 8 * DAY) == 120 * WAD
