"""Where a surface came from, in the words of its answer."""

from __future__ import annotations

from ml.posted import ACCEPTED, Move
from ml.surface_schemas import MoveAnswer, Sources, TradesUse, VenueUse
from ml.surfaces import Surface


def sources_of(surface: Surface, as_of: int) -> Sources:
    """What a surface was made of at a market time."""
    heard = surface.trades
    return Sources(
        venue=_venue(surface, as_of),
        trades=TradesUse(
            used=heard.used,
            voices=heard.voices,
            share=heard.share,
            shift=heard.shift,
            dispersion=heard.dispersion,
            newest_age_seconds=None if heard.newest_at is None else as_of - heard.newest_at,
            oldest_age_seconds=None if heard.oldest_at is None else as_of - heard.oldest_at,
            rejected=heard.rejected,
        ),
    )


def _venue(surface: Surface, as_of: int) -> VenueUse | None:
    told = surface.venue
    if told is None:
        return None
    used = told.surface
    return VenueUse(
        source=told.source,
        problem=told.problem,
        timestamp=used.timestamp if used else None,
        age_seconds=as_of - used.timestamp if used else None,
        quality=used.quality(as_of) if used else None,
        quotes=used.quotes if used else None,
        expiries=len(used.expiry) if used else None,
        error_points=used.error_points if used else None,
        rejected=used.rejected if used else {},
    )


def move_of(move: Move | None) -> MoveAnswer | None:
    """What the chain would do with a slice."""
    if move is None:
        return None
    return MoveAnswer(
        verdict=move.verdict.value,
        accepted=move.verdict in ACCEPTED,
        posted_at=move.posted_at,
        posted_volatility=move.posted_volatility,
        move=move.move,
        limit=move.limit,
        halted_until=move.halted_until,
    )
