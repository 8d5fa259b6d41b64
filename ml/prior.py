"""What the shared history taught, as numbers that ship with the code.

A file of a few months says little about weights; six years of two markets before it say a lot. Models that can start
from that do, and are drawn away from it by their own rows. What was learned is kept as it was known at several moments,
and the newest that was known at the time is used: no back-test sees its own future through it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ml.models.base import Parameters

PRIOR_HORIZONS = (1, 7, 30)
FILE = Path(__file__).with_name("prior.json")
_SHORT = 3
"""A mixture of so few days looks at other columns than one of more."""


@dataclass(frozen=True)
class Learned:
    """Parameters of models, by name of the model and days of the horizon.

    Attributes
    ----------
    until : nothing after this moment taught it, seconds.
    made_from : the hash of the bars of each asset that did.
    models : parameters by model, then by horizon.
    """

    until: int
    made_from: Mapping[str, str]
    models: Mapping[str, Mapping[int, Parameters]]


@dataclass(frozen=True)
class Prior:
    """What was learned until several moments, in order of time."""

    learned: tuple[Learned, ...]

    def parameters(self, model: str, days: int, moment: int) -> Parameters | None:
        """What was known of a model at a moment, of the horizon nearest to `days`; None when that is nothing."""
        for learned in reversed(self.learned):
            if learned.until <= moment and model in learned.models:
                alike = [known for known in PRIOR_HORIZONS if (known <= _SHORT) == (days <= _SHORT)]
                return learned.models[model][min(alike, key=lambda known: abs(known - days))]
        return None

    def document(self) -> str:
        """As JSON; the inverse is `read`."""
        learned = [
            {
                "until": one.until,
                "made_from": dict(one.made_from),
                "models": {
                    name: {
                        str(days): {key: [float(f"{value:.9g}") for value in values] for key, values in known.items()}
                        for days, known in horizons.items()
                    }
                    for name, horizons in one.models.items()
                },
            }
            for one in self.learned
        ]
        return json.dumps({"learned": learned}) + "\n"


def read(text: str) -> Prior:
    """A prior from its JSON."""
    return Prior(
        tuple(
            Learned(
                int(one["until"]),
                one["made_from"],
                {
                    name: {int(days): known for days, known in horizons.items()}
                    for name, horizons in one["models"].items()
                },
            )
            for one in json.loads(text)["learned"]
        )
    )


NOTHING = Prior(())


@cache
def shipped() -> Prior:
    """The prior that comes with this version."""
    return read(FILE.read_text(encoding="utf-8"))
