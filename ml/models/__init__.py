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
from ml.models.learned import Boosted, RelativeGamma, RelativeRidge, Ridge
from ml.models.mixture import Mixture, SlowMean, YearMean

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
OWN: tuple[type[VarianceModel], ...] = (
    Ridge,
    RelativeRidge,
    RelativeGamma,
    Mixture,
    YearMean,
    SlowMean,
)
"""What the combinations are made of, quick to fit from the prior: what the service starts with."""
ALL: tuple[type[VarianceModel], ...] = (*CLASSICAL, *OWN, Boosted)
BY_NAME = {model.name: model for model in (*BASELINES, *ALL)}

__all__ = ["ALL", "BASELINES", "BY_NAME", "CLASSICAL", "OWN", "Parameters", "Sample", "VarianceModel"]
