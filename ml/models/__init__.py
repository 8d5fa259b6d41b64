"""Models of future variance behind one interface, and the lists that validation chooses from."""

from ml.models.base import Parameters, Sample, VarianceModel
from ml.models.classical import (
    Ewma,
    Ewma32,
    Garch,
    Har,
    HarAll,
    HarYear,
    LogHar,
    LogHarAll,
    LogHarYear,
    RandomWalk,
    RiskMetrics,
    RiskMetrics97,
    WeightedHar,
)
from ml.models.learned import Boosted, RelativeGamma, RelativeRidge, Ridge, TwoYearRidge
from ml.models.mixture import Mixture

CLASSICAL: tuple[type[VarianceModel], ...] = (Ewma, WeightedHar, LogHar)
"""Quick to fit."""
BASELINES: tuple[type[VarianceModel], ...] = (
    RandomWalk,
    RiskMetrics,
    RiskMetrics97,
    Ewma,
    Ewma32,
    Garch,
    HarYear,
    Har,
    HarAll,
    WeightedHar,
    LogHarYear,
    LogHar,
    LogHarAll,
)
"""The field's models, which ours are judged against."""
OWN: tuple[type[VarianceModel], ...] = (Ridge, RelativeRidge, TwoYearRidge, RelativeGamma, Mixture)
"""Ours, which start from the prior."""
MEMBERS: tuple[type[VarianceModel], ...] = (*OWN, Garch, RiskMetrics97)
"""What the combinations are made of, quick to fit: what the service starts with."""
ALL: tuple[type[VarianceModel], ...] = (*CLASSICAL, *MEMBERS, Boosted)
BY_NAME = {model.name: model for model in (*BASELINES, *ALL)}

__all__ = ["ALL", "BASELINES", "BY_NAME", "CLASSICAL", "MEMBERS", "OWN", "Parameters", "Sample", "VarianceModel"]
