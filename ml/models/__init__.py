"""Models of future variance behind one interface, and the list that validation chooses from."""

from ml.models.base import VarianceModel
from ml.models.classical import Ewma, Har, LogHar
from ml.models.learned import Boosted, Ridge

CLASSICAL: tuple[type[VarianceModel], ...] = (Ewma, Har, LogHar)
"""Quick to fit: what the service starts with."""
ALL: tuple[type[VarianceModel], ...] = (*CLASSICAL, Ridge, Boosted)
BY_NAME = {model.name: model for model in ALL}

__all__ = ["ALL", "BY_NAME", "CLASSICAL", "Boosted", "Ewma", "Har", "LogHar", "Ridge", "VarianceModel"]
