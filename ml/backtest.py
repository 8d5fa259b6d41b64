"""Back-tests: the walk-forward forecasts of a file of bars, one row for each origin and horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ml.bars import BARS_PER_DAY, BadBars, Bars
from ml.models import ALL
from ml.models.base import qlike
from ml.validation import Progress, Walk, walk_forward

FIRST_SHARE = 0.7
"""Models are chosen on the first 70 % of the walk; the rest judges the choice."""
MIN_CHOICE_ORIGINS = 30


@dataclass(frozen=True)
class Judged:
    """A walk, the model chosen on its first part, and every model's mean QLIKE on the rest.

    Attributes
    ----------
    chosen_on : QLIKE by model on the part that chose.
    scores : QLIKE by model on the part that judges.
    coverage : share of judged outcomes below the 10, 50 and 90 % quantiles.
    """

    walk: Walk
    chosen: str
    chosen_on: dict[str, float]
    scores: dict[str, float]
    log_errors: tuple[float, float, float]
    coverage: tuple[float, float, float]
    first_judged: int


def judge(walk: Walk) -> Judged:
    """Choose on the first 70 % of origins and judge on those after it whose targets begin later.

    Raises
    ------
    BadBars
        When there are too few origins.
    """
    count = len(walk.end)
    cut = int(count * FIRST_SHARE)
    embargo = walk.horizon_days * 86_400
    known = ~np.isnan(walk.target)
    choosing = known & (np.arange(count) < cut)
    if choosing.sum() < MIN_CHOICE_ORIGINS:
        raise BadBars(f"{walk.horizon_days} d: {choosing.sum()} origins to choose from; give a longer history")
    last_choice = walk.end[choosing][-1]
    judging = known & (walk.end >= last_choice + embargo)
    chosen_on = _scores(walk, choosing)
    chosen = min(chosen_on, key=chosen_on.__getitem__)
    errors = np.log(walk.target[choosing] / walk.forecasts[chosen][choosing])
    low, middle, high = (float(value) for value in np.quantile(errors, (0.1, 0.5, 0.9)))
    later = np.log(walk.target[judging] / walk.forecasts[chosen][judging])
    coverage = tuple(float(np.mean(later <= bound)) if len(later) else float("nan") for bound in (low, middle, high))
    return Judged(
        walk,
        chosen,
        chosen_on,
        _scores(walk, judging) if judging.any() else {},
        (low, middle, high),
        (coverage[0], coverage[1], coverage[2]),
        int(walk.end[judging][0]) if judging.any() else 0,
    )


def backtest(
    bars: Bars, horizons: Sequence[int], first: int, last: int, progress: Progress | None = None
) -> list[Judged]:
    """Walk every horizon from `first` to `last` (seconds) over all models and judge it; errors as for `judge`."""
    return [
        judge(walk_forward(bars, days, ALL, first_end=first, last_end=last, progress=progress)) for days in horizons
    ]


def rows(asset: str, judged: Sequence[Judged]) -> pd.DataFrame:
    """One row for each origin and horizon: asset, date, horizon, variance over it, q10, q50, q90, realised, chosen_on.

    `part` is `choose` where the model was chosen on that origin and `judge` where it had not been seen.
    """
    parts = []
    for entry in judged:
        walk, horizon = entry.walk, entry.walk.horizon_days * BARS_PER_DAY
        forecast = walk.forecasts[entry.chosen] * horizon
        judging = (walk.end >= entry.first_judged) & (entry.first_judged > 0)
        parts.append(
            pd.DataFrame(
                {
                    "asset": asset,
                    "date": [datetime.fromtimestamp(int(end), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for end in walk.end],
                    "horizon": walk.horizon_days,
                    "variance": forecast,
                    "q10": forecast * np.exp(entry.log_errors[0]),
                    "q50": forecast * np.exp(entry.log_errors[1]),
                    "q90": forecast * np.exp(entry.log_errors[2]),
                    "realised": walk.target * horizon,
                    "model": entry.chosen,
                    "part": np.where(judging, "judge", "choose"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write(frame: pd.DataFrame, path: Path) -> None:
    """Rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, float_format="%.10g")


def _scores(walk: Walk, where: np.ndarray) -> dict[str, float]:  # type: ignore[type-arg]
    return {
        name: float(np.mean(qlike(walk.target[where], forecast[where]))) for name, forecast in walk.forecasts.items()
    }
