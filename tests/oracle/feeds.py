"""Feed rounds, spot, checkpoints, and the three rules of settlement (protocol, section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .refusals import Refused, require

WINDOW = 1800
DECIMALS = 8
TO_WAD = 10 ** (18 - DECIMALS)
DAY = 86_400
EXPIRY_OF_DAY = 8 * 3600
PHASE = 64
PRICE_LIMIT = 2**124
#: Most rounds that one call walks back.
MOST_ROUNDS = 512
#: How far past expiry a round without a successor counts as the last one.
LATEST_DELAY = 60
LAST_ROUND_DELAY = DAY
CHECKPOINT_DELAY = 8 * DAY
CHECKPOINT_INTERVAL = 300


@dataclass(frozen=True)
class Round:
    """An answer in the feed's decimals, and its date."""

    id: int
    time: int
    answer: int

    @property
    def phase(self) -> int:
        """The high bits of its id."""
        return self.id >> PHASE

    @property
    def wad(self) -> int:
        """The answer in WAD; zero where it is not positive or beyond the protocol's arithmetic."""
        price = self.answer * TO_WAD
        return price if 0 < price < PRICE_LIMIT else 0


@dataclass(frozen=True)
class Checkpoint:
    """Spot as it was kept."""

    round_id: int
    time: int
    price: int

    @property
    def phase(self) -> int:
        """Of its round."""
        return self.round_id >> PHASE


@dataclass
class Walk:
    """An average that is not complete: the round to go on with, seconds left of the window, weighted sum so far."""

    round: Round
    left: int = WINDOW
    weighted: int = 0


@dataclass
class Feed:
    """The rounds of one market, oldest first, and what the listing kept of them.

    Parameters
    ----------
    max_age : seconds after which an answer is stale.
    least, most : the sane range, WAD.
    """

    max_age: int = 2 * DAY
    least: int = 1
    most: int = PRICE_LIMIT - 1
    rounds: list[Round] = field(default_factory=list)
    phase: int = 1
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    walks: dict[tuple[int, int], Walk] = field(default_factory=dict)

    # --- the feed ---

    def post(self, time: int, answer: int) -> int:
        """A new round of the live phase; returns its id."""
        newest = self.latest()
        self.rounds.append(Round(newest.id + 1 if newest else self.phase << PHASE | 1, time, answer))
        return self.rounds[-1].id

    def start_phase(self) -> None:
        """The next round is the first of a new phase."""
        self.phase += 1

    def spot(self) -> int:
        """The newest answer, WAD."""
        return self.rounds[-1].answer * TO_WAD

    def latest(self) -> Round | None:
        """The newest round of the live phase."""
        return self.rounds[-1] if self.rounds and self.rounds[-1].phase == self.phase else None

    def checkpoint(self, now: int) -> None:
        """Keeps spot for the day whose expiry time comes next, every five minutes or with a new phase."""
        newest = self.latest()
        if newest is None:
            raise Refused("No data present")
        require(newest.time + self.max_age >= now, "StalePrice")
        require(self.least <= newest.wad <= self.most, "PriceOutOfRange")
        kept = self.checkpoints.get(day_of(now))
        if kept is None or now >= kept.time + CHECKPOINT_INTERVAL or kept.phase != newest.phase:
            self.checkpoints[day_of(now)] = Checkpoint(newest.id, now, newest.wad)

    # --- the last round ---

    def last_round(self, expiry: int, now: int) -> Round | None:
        """The one round that proves a settlement now: of the checkpoint's phase, else the live or the one before."""
        newest = self.latest()
        if newest is None:
            return None
        kept = self.checkpoints.get(day_of(expiry))
        at_end = True
        if kept is not None and kept.phase != self.phase:
            found, followed = self._search(kept.round_id, expiry)
        else:
            found, followed = self._search(kept.round_id if kept else self.phase << PHASE | 1, expiry)
            at_end = found is newest
            if found is None and followed and kept is None:
                found, _ = self._search(self.phase - 1 << PHASE | 1, expiry)
        return found if followed or (at_end and now >= expiry + LATEST_DELAY) else None

    def _search(self, first: int, limit: int) -> tuple[Round | None, bool]:
        """The last round from `first` on in its phase dated at or before a limit; whether one follows it."""
        phase = [each for each in self.rounds if each.phase == first >> PHASE and each.id >= first]
        before = [each for each in phase if each.time <= limit]
        return (before[-1] if before else None), len(phase) > len(before)

    def _require_last(self, expiry: int, claimed: int, now: int) -> Round:
        found = self.last_round(expiry, now)
        if found is not None and found.id == claimed:
            return found
        require(any(each.id == claimed for each in self.rounds), "BadRound")
        raise Refused("NotLastRound")

    # --- the rules ---

    def settle(self, expiry: int, claimed: int, now: int) -> int:
        """The average, WAD, rounded down once; zero where it takes another call."""
        return self._average(expiry, self._require_last(expiry, claimed, now))

    def settle_at_last_round(self, expiry: int, claimed: int, now: int) -> int:
        """Where the average is refused: the last positive answer of any age; zero where it takes another call."""
        require(now >= expiry + LAST_ROUND_DELAY, "FallbackNotOpen")
        last = self._require_last(expiry, claimed, now)
        try:
            price = self._average(expiry, last)
        except Refused:
            positive = self._last_positive(last)
            require(positive, "NoPositiveRound")
            return positive
        require(not price, "ProofStands")
        return price

    def settle_at_checkpoint(self, expiry: int, now: int) -> int:
        """Where neither can be read: the last spot kept at or before expiry."""
        require(now >= expiry + CHECKPOINT_DELAY, "FallbackNotOpen")
        last = self.last_round(expiry, now)
        if last is not None:
            before = dict(self.walks)
            try:
                self._average(expiry, last)
                stands = True
            except Refused:
                stands = self._last_positive(last) != 0
            self.walks = before
            require(not stands, "LastRoundStands")
        return self.checkpoints[max(day for day in self.checkpoints if day <= day_of(expiry))].price

    def _average(self, expiry: int, last: Round) -> int:
        """Goes on with a walk; what refuses it leaves it where it was."""
        started = self.walks.get((expiry, last.id), Walk(last))
        opening, at = expiry - WINDOW, started.round
        end, weighted = opening + started.left, started.weighted
        for _ in range(MOST_ROUNDS):
            require(at.time <= end, "BadRound")
            require(end - at.time <= self.max_age, "StalePrice")
            require(self.least <= at.wad <= self.most, "PriceOutOfRange")
            start = max(at.time, opening)
            weighted += at.wad * (end - start)
            end = start
            if at.time <= opening:
                return weighted // WINDOW
            earlier = self._previous(at)
            if earlier is None:
                raise Refused("WindowNotCovered")
            at = earlier
        self.walks[expiry, last.id] = Walk(at, end - opening, weighted)
        return 0

    def _previous(self, later: Round) -> Round | None:
        """The round before; before its phase's first the last of the previous phase that is not dated after it."""
        if later.id & (1 << PHASE) - 1 > 1:
            return next(each for each in self.rounds if each.id == later.id - 1)
        found, _ = self._search(later.phase - 1 << PHASE | 1, later.time)
        return found

    def _last_positive(self, last: Round) -> int:
        at: Round | None = last
        for _ in range(MOST_ROUNDS):
            if at is None:
                return 0
            if at.wad:
                return at.wad
            at = self._previous(at)
        return 0


def day_of(time: int) -> int:
    """The day whose expiry time is the first at or after a time."""
    return (time + DAY - 1 - EXPIRY_OF_DAY) // DAY
