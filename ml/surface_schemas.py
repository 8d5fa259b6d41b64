"""What a surface was made of and what the chain would do with it, as the service tells it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, allow_inf_nan=False)


class MoveAnswer(_Answer):
    """A slice beside the one on the chain: what the oracle would do with it; see `ml.posted.Move`."""

    verdict: str
    accepted: bool
    posted_at: int | None
    posted_volatility: float | None
    move: float
    limit: float
    halted_until: int


class VenueUse(_Answer):
    """The venue's snapshot; `problem` says why it is not used, all else is then null."""

    source: str
    problem: str | None
    timestamp: int | None
    age_seconds: int | None
    quality: float | None
    quotes: int | None
    expiries: int | None
    error_points: float | None
    rejected: dict[str, int]


class TradesUse(_Answer):
    """The book's trades of the last day; `shift` in ln volatility from the other sources; see `ml.book_trades`."""

    used: int
    voices: float
    share: float
    shift: float
    dispersion: float
    newest_age_seconds: int | None
    oldest_age_seconds: int | None
    rejected: dict[str, int]


class Sources(_Answer):
    """What the level was made of besides the forecast; `venue` is null where none is configured."""

    venue: VenueUse | None
    trades: TradesUse
