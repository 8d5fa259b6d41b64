"""A trained prior beside the records, taken by a running service: written whole, read whole, or refused with a reason.

`optionix risk train --install` writes one file. It holds what was learned, the SHA-256 of it and the version of the
code that learned it. The service looks at the file each second. What it finds is used only when all of it is sound: the
hash (a file that was cut, damaged or edited by hand has another), the code (parameters mean nothing to other models),
every parameter a finite number of a known model, and at the end what it forecasts on the bars of now (`trial`). Until
then, and whenever anything is wrong, the models in use go on answering. The hash guards against accidents, not against
somebody who may write to the folder: he could as well replace the code.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml import regimes
from ml.forecasts import HorizonForecast, require_sound
from ml.models import BY_NAME
from ml.prior import PRIOR_HORIZONS, Prior, read, shipped
from ml.registry import code_version, now

FILE = Path("prior") / "current.json"
"""Below the registry's folder."""
MAX_RATIO = 4.0
"""A new model whose volatility is so many times the old one's, or that part of it, is not believed."""
MOST_BYTES = 16 * 1024 * 1024


class RefusedModel(ValueError):
    """A trained model that cannot be used; the message says why."""


@dataclass(frozen=True)
class Installed:
    """A prior in use.

    Attributes
    ----------
    id : `prior-` and the first digits of its hash; `shipped` for the one that comes with the code.
    """

    id: str
    prior: Prior


SHIPPED_ID = "shipped"


def shipped_with_code() -> Installed:
    """What serves where nothing was installed."""
    return Installed(SHIPPED_ID, shipped())


def install(prior: Prior, folder: Path) -> str:
    """Write a prior below a registry's folder, whole or not at all; its id."""
    learned = json.loads(prior.document())["learned"]
    digest = _digest(learned)
    document = {
        "id": f"prior-{digest[:12]}",
        "sha256": digest,
        "code_version": code_version(),
        "created": now().isoformat(),
        "learned": learned,
    }
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(document, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return str(document["id"])


def read_installed(path: Path) -> Installed:
    """The prior of a file.

    Raises
    ------
    RefusedModel
        When it is anything but what `install` wrote, or of other code.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
        document: Any = json.loads(body) if len(body) <= MOST_BYTES else None
        learned, told = document["learned"], str(document["sha256"])
        version = str(document["code_version"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedModel(f"it cannot be read: {type(error).__name__}") from error
    digest = _digest(learned)
    if digest != told:
        raise RefusedModel(f"its hash is {digest[:12]}, it says {told[:12]}: it was damaged or altered")
    if version != code_version():
        raise RefusedModel(f"it was trained by {version}, this is {code_version()}: train it again")
    try:
        prior = read(json.dumps({"learned": learned}))
        _check(prior)
    except RefusedModel:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedModel(f"it is no prior: {error!r}") from error
    return Installed(f"prior-{digest[:12]}", prior)


def require_known(prior: Prior, moment: int) -> None:
    """RefusedModel where all of a prior was learned after a moment: it would be no start, but what follows it told."""
    if all(learned.until > moment for learned in prior.learned):
        first = min(learned.until for learned in prior.learned)
        raise RefusedModel(f"it was learned until {first}, and market time is {moment}")


def trial(new: Sequence[HorizonForecast], old: Sequence[HorizonForecast]) -> None:
    """What a new model says of now, beside the one in use.

    Raises
    ------
    RefusedModel
        When it is no forecast, or too far from the other to be believed.
    """
    before = {one.days: one for one in old}
    try:
        require_sound(new)
    except ValueError as error:
        raise RefusedModel(str(error)) from error
    for one in new:
        known = before.get(one.days)
        if known is not None and not 1 / MAX_RATIO <= one.volatility / known.volatility <= MAX_RATIO:
            raise RefusedModel(
                f"it forecasts a volatility of {one.volatility:.1%} over {one.days} d, the one in use "
                f"{known.volatility:.1%}"
            )


def _check(prior: Prior) -> None:
    if not prior.learned:
        raise RefusedModel("nothing was learned in it")
    for learned in prior.learned:
        for name, horizons in learned.models.items():
            if name not in BY_NAME and name != regimes.MODEL:
                raise RefusedModel(f"there is no model {name!r}")
            if not set(horizons) <= {*PRIOR_HORIZONS, *regimes.HORIZON_DAYS}:
                raise RefusedModel(f"{name} has horizons {sorted(horizons)}")
            for days, parameters in horizons.items():
                _check_parameters(name, days, parameters)


def _check_parameters(name: str, days: int, parameters: Any) -> None:
    """Numbers, as many and of the names that the shipped prior has for the model."""
    for key, values in parameters.items():
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            raise RefusedModel(f"{name}, {days} d: {key} is not all finite numbers")
    known = next((one.models[name][days] for one in shipped().learned if days in one.models.get(name, {})), None)
    if known is not None and {key: len(v) for key, v in known.items()} != {
        key: len(v) for key, v in parameters.items()
    }:
        raise RefusedModel(f"{name}, {days} d: its parameters are not those of this model")


def _digest(learned: Any) -> str:
    return hashlib.sha256(json.dumps(learned, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Shelf:
    """The file of a registry's folder, read where it has changed.

    Attributes
    ----------
    refused : why what lies there is not used; None where it is, or nothing does.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._stamp: tuple[int, int, int] | None = None
        self.refused: str | None = None

    def look(self) -> Installed | None:
        """What was installed since the last look; None where nothing was, or it cannot be used (see `refused`)."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._stamp = self.refused = None
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            found = read_installed(self._path)
        except RefusedModel as error:
            self.refused = str(error)
            return None
        self.refused = None
        return found
