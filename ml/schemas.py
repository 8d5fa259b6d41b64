"""Answers of the risk service. Slices are integers in the contract's units; all else are model quantities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from ml.surface_schemas import MoveAnswer, Sources


class Answer(BaseModel):
    """Base of all answers: unchanging, made of the fields named here only, every number finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, allow_inf_nan=False)


class Inputs(Answer):
    """What an answer was made of; see `ml.bars.InputReport`."""

    source: str
    bars: int
    first_bar: int
    last_bar: int
    gaps: int
    recent_gaps: int
    duplicates: int
    bad_ticks: int
    age_seconds: int
    stale: bool
    gappy: bool


class ModelName(Answer):
    """The registry entry that answered."""

    id: str
    code_version: str
    data_hash: str
    data_until: int


class Horizon(Answer):
    """Forecast of one horizon: realised variance over it (not annual), its quantiles, and the annual volatility."""

    days: int
    variance: float
    volatility: float
    q10: float
    q50: float
    q90: float
    model: str
    validated: bool


class Forecasts(Answer):
    """Forecasts of a market at a market time (seconds)."""

    market: int
    symbol: str
    as_of: int
    horizons: list[Horizon]
    model: ModelName
    inputs: Inputs
    degraded: bool
    problems: list[str]


class CheckResult(Answer):
    """One check of a surface."""

    name: str
    ok: bool
    detail: str


class SliceAnswer(Answer):
    """A slice in the contract's integer units: theta 1e-16, phi 1e-15, rho 1e-12, carry 1e-9.

    `weights` of the sources in its level, `confidence` as `ml.blend` defines it, `move` beside what is posted now.
    """

    expiry: int
    theta: int
    phi: int
    rho: int
    carry: int
    atm_vol: float
    confidence: float
    weights: dict[str, float]
    move: MoveAnswer | None


class ShapeAnswer(Answer):
    """Where rho and eta came from: moments of `days` daily returns with this `weight`, the rest a prior's."""

    rho: float
    eta: float
    skewness: float
    excess_kurtosis: float
    days: int
    weight: float


class SurfaceAnswer(Answer):
    """What a keeper may post; with `refused` true it must not, and `reason` says why.

    `confidence` is that of the least certain slice; `warnings` say what is missing, and what the oracle would clip.
    """

    market: int
    symbol: str
    as_of: int
    spot: float | None
    slices: list[SliceAnswer]
    checks: list[CheckResult]
    shape: ShapeAnswer | None
    variance_premium: float
    model: ModelName | None
    inputs: Inputs | None
    refused: bool
    reason: str
    confidence: float
    warnings: list[str]
    sources: Sources | None


class DriverAnswer(Answer):
    """One input of a regime."""

    name: str
    value: float
    meaning: str


class OutlookAnswer(Answer):
    """The regime over one horizon; the verdict begins with `no skill` where plain forecasts were as good."""

    days: int
    probabilities: dict[str, float]
    skill: bool
    verdict: str


class RegimeAnswer(Answer):
    """The likeliest regime of the nearest horizon and the outlook of each; `calibrated`: they have shown skill."""

    market: int
    symbol: str
    as_of: int
    regime: str
    probabilities: dict[str, float]
    calibrated: bool
    verdict: str
    outlooks: list[OutlookAnswer]
    drivers: list[DriverAnswer]
    inputs: Inputs


class MarketProblem(Answer):
    """Why a market of a batch has no answer."""

    market: int
    problem: str


class ManyForecasts(Answer):
    """Forecasts of many markets, and why others have none."""

    forecasts: list[Forecasts]
    problems: list[MarketProblem]


class ManySurfaces(Answer):
    """Surfaces of many markets, and why others have none."""

    surfaces: list[SurfaceAnswer]
    problems: list[MarketProblem]


class Prediction(Answer):
    """What is expected of a market after the newest block: pushed to subscribers as prices and trades come.

    `forecasts` is null where there is not enough history; `surface` then says so in its reason.
    """

    market: int
    block: int
    forecasts: Forecasts | None
    surface: SurfaceAnswer


class ModelEntry(Answer):
    """A registry record."""

    id: str
    asset: str
    active: bool
    candidates: tuple[str, ...]
    data_hash: str
    data_until: int
    data_bars: int
    code_version: str
    created: datetime
    horizons: list[dict[str, Any]]
    regimes: list[dict[str, Any]]
    prior: str


class Models(Answer):
    """All records of the registry."""

    models: list[ModelEntry]


class Problem(Answer):
    """An error, as RFC 9457 shapes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
