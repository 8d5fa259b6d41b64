"""Choosing models by what they forecast on data that they had not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.bars import BARS_PER_DAY, Bars
from ml.models import VarianceModel
from ml.models.base import qlike
from ml.registry import HorizonChoice, ModelRecord, Registry, code_version, now, record_id
from ml.validation import COMBINATION, HORIZON_DAYS, ORIGIN_STEP_BARS, Progress, Walk, walk_forward

VALIDATION_DAYS = 365
"""Scores are of the last year."""
MIN_ORIGINS = 60
"""Fewer scored forecasts than this choose nothing."""
DEFAULT_MODEL = "ewma"
"""What is used where history is too short to choose."""
DEFAULT_LOG_ERROR_SIGMA = {1: 0.85, 7: 0.65, 30: 0.55}
"""Spread of ln(realised / forecast) assumed there, by horizon: what the classical models show over years."""
PRIOR_OUTCOMES = 10.0
"""The assumed spread counts as this many outcomes that do not overlap."""
_TENTH = 1.2815515655446004
WEEK = 7 * 86_400
_MONDAY = 4 * 86_400
"""1970-01-05, the first Monday of the epoch."""


def selection_end(moment: int) -> int:
    """The last Monday 00:00 UTC at or before a time: selections use data up to there, so a restart finds its own."""
    return (moment - _MONDAY) // WEEK * WEEK + _MONDAY


def select(
    bars: Bars, models: Sequence[type[VarianceModel]], registry: Registry | None, progress: Progress | None = None
) -> ModelRecord:
    """The record of these bars and candidates: from the registry, or made and saved.

    Parameters
    ----------
    bars : all that may be known; cut at the last Monday here.
    models : candidates.
    """
    until = selection_end(bars.end)
    known = bars.until(until)
    if len(known) < 2:
        known, until = bars, bars.end
    candidates = tuple(model.name for model in models)
    data_hash = known.hash()
    identifier = record_id(bars.asset, data_hash, candidates)
    found = registry.find(identifier) if registry else None
    if found is not None:
        return found
    first = until - VALIDATION_DAYS * 86_400
    # A short history cannot wait a month for its first fit.
    refit = 30 if int(known.start[0]) <= first - 30 * 86_400 else 5
    record = ModelRecord(
        id=identifier,
        asset=bars.asset,
        candidates=candidates,
        data_hash=data_hash,
        data_until=until,
        data_bars=len(known),
        code_version=code_version(),
        created=now(),
        horizons=tuple(
            choose(walk_forward(known, days, models, first_end=first, refit_days=refit, progress=progress))
            for days in HORIZON_DAYS
        ),
    )
    if registry:
        registry.save(record)
    return record


def choose(walk: Walk) -> HorizonChoice:
    """The model with the least mean QLIKE of a walk, with the spread of its errors."""
    scored = int(np.sum(~np.isnan(walk.target)))
    default = default_log_errors(walk.horizon_days)
    if scored < MIN_ORIGINS:
        return HorizonChoice(
            days=walk.horizon_days,
            model=DEFAULT_MODEL,
            validated=False,
            origins=scored,
            qlike={},
            log_errors=default,
        )
    scores = walk.scores()
    best = min(scores, key=scores.__getitem__)
    # Origins four times a day overlap: a year holds twelve outcomes of 30 days, and their spread says little alone.
    outcomes = scored * ORIGIN_STEP_BARS / BARS_PER_DAY / walk.horizon_days
    weight = outcomes / (outcomes + PRIOR_OUTCOMES)
    seen = np.quantile(walk.log_errors(best), (0.1, 0.5, 0.9))
    low, middle, high = (float(value) for value in weight * seen + (1 - weight) * np.array(default))
    return HorizonChoice(
        days=walk.horizon_days,
        model=best,
        validated=True,
        origins=scored,
        qlike={name: round(score, 6) for name, score in scores.items()},
        log_errors=(low, middle, high),
    )


def default_log_errors(days: int) -> tuple[float, float, float]:
    """Quantiles of ln(realised / forecast) of a log-normal whose mean is the forecast."""
    sigma = DEFAULT_LOG_ERROR_SIGMA.get(days, DEFAULT_LOG_ERROR_SIGMA[30])
    middle = -(sigma**2) / 2
    return middle - _TENTH * sigma, middle, middle + _TENTH * sigma


__all__ = ["COMBINATION", "choose", "qlike", "select", "selection_end"]
