"""Choosing models by what they forecast on data that they had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ml import regimes
from ml.bars import Bars, Mask
from ml.compare import diebold_mariano
from ml.models import VarianceModel
from ml.prior import Prior, shipped
from ml.quantiles import adaptive, assumed
from ml.registry import HorizonChoice, ModelRecord, Registry, code_version, now, record_id
from ml.validation import (
    COMBINATION,
    HORIZON_DAYS,
    WARM_UP_DAYS,
    Progress,
    Walk,
    assemble,
    prepare,
    walk_model,
    walk_rows,
)

VALIDATION_DAYS = 365
"""Scores are of the last year."""
MIN_ORIGINS = 30
"""Fewer scored forecasts than this choose nothing."""
CERTAIN = 0.05
"""A model takes the combination's place only when luck would make it so much better less often than this."""
WEEK = 7 * 86_400
_MONDAY = 4 * 86_400
"""1970-01-05, the first Monday of the epoch."""


def selection_end(moment: int) -> int:
    """The last Monday 00:00 UTC at or before a time: selections use data up to there, so a restart finds its own."""
    return (moment - _MONDAY) // WEEK * WEEK + _MONDAY


def select(
    bars: Bars,
    models: Sequence[type[VarianceModel]],
    registry: Registry | None,
    progress: Progress | None = None,
    prior: Prior | None = None,
    prior_id: str = "shipped",
) -> ModelRecord:
    """The record of these bars and candidates: from the registry, or made and saved.

    Parameters
    ----------
    bars : all that may be known; cut at the last Monday here.
    models : candidates.
    prior : what other markets taught; the shipped one by default. `prior_id` names it.
    """
    until = selection_end(bars.end)
    known = bars.until(until)
    if len(known) < 2:
        known, until = bars, bars.end
    candidates = tuple(model.name for model in models)
    data_hash = known.hash()
    identifier = record_id(bars.asset, data_hash, candidates, prior_id)
    found = registry.find(identifier) if registry else None
    if found is not None:
        return found
    prior = prior or shipped()
    prepared = prepare(known)
    rows = walk_rows(prepared, until - VALIDATION_DAYS * 86_400, None)
    horizons, outlooks = [], []
    for days in HORIZON_DAYS:
        forecasts = {}
        for model in models:
            if progress:
                progress(f"{bars.asset} {days} d: {model.name}")
            forecasts[model.name] = walk_model(prepared, days, model, rows, prior)
        walk = assemble(prepared, days, rows, forecasts)
        horizons.append(choose(walk))
        if days in regimes.HORIZON_DAYS and COMBINATION in walk.forecasts:
            outlooks.append(regimes.choose(prepared, walk, prior))
    record = ModelRecord(
        id=identifier,
        asset=bars.asset,
        candidates=candidates,
        data_hash=data_hash,
        data_until=until,
        data_bars=len(known),
        code_version=code_version(),
        created=now(),
        horizons=tuple(horizons),
        regimes=tuple(outlook for outlook in outlooks if outlook is not None),
        prior=prior_id,
    )
    if registry:
        registry.save(record)
    return record


def choose(walk: Walk) -> HorizonChoice:
    """The combination, or the model that was better beyond doubt, with the quantiles that its errors made.

    The combination is the default of a history too short to choose by.
    """
    compared = _compared(walk)
    known = compared.comparable
    scored = int(np.sum(known))
    if scored < MIN_ORIGINS or COMBINATION not in compared.forecasts:
        name, scores = COMBINATION, {}
    else:
        name, scores = preferred(compared, known), compared.scores()
    errors = assumed(walk.horizon_days)
    if name in walk.forecasts and len(walk.end):
        low, middle, high = (float(value) for value in adaptive(walk, name)[-1])
        errors = low, middle, high
    return HorizonChoice(
        days=walk.horizon_days,
        model=name,
        validated=bool(scores),
        origins=scored,
        qlike={model: round(score, 6) for model, score in scores.items()},
        log_errors=errors,
    )


def _compared(walk: Walk) -> Walk:
    """The walk; without the models that began late where those leave too few origins to compare."""
    if walk.comparable.sum() >= MIN_ORIGINS:
        return walk
    known = ~np.isnan(walk.target)
    begun = {name: values for name, values in walk.forecasts.items() if not np.isnan(values[known]).any()}
    return replace(walk, forecasts=begun)


def preferred(walk: Walk, where: Mask) -> str:
    """The model to use by some origins: the combination, unless the best of the others beats it for certain."""
    losses = walk.losses(where)
    best = min(losses, key=lambda name: float(np.mean(losses[name])))
    if COMBINATION not in losses or best == COMBINATION:
        return best
    difference = diebold_mariano(losses[best], losses[COMBINATION], walk.horizon_days)
    return best if difference.p_value < CERTAIN else COMBINATION


__all__ = ["COMBINATION", "MIN_ORIGINS", "WARM_UP_DAYS", "choose", "preferred", "select", "selection_end"]
