"""The model registry: one JSON file for each selection of models, named by what it was made from."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import structlog
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict

from optionix import __version__

log = structlog.get_logger("risk")
DAMAGED = Counter("optionix_risk_damaged_records_total", "Records of models on disk that were refused and made again")

_DECIDING = (
    *("bars.py", "combination.py", "compare.py", "features.py", "forecasts.py", "implied.py", "prior.json"),
    *("prior.py", "quantiles.py", "regimes.py", "rhythm.py", "selection.py", "validation.py"),
)
"""Files besides the models that decide what a model says."""


class HorizonChoice(BaseModel):
    """The model chosen for one horizon.

    Attributes
    ----------
    model : its name.
    validated : whether it was chosen by walk-forward scores; without enough history it is a stated default.
    origins : how many forecasts were scored.
    qlike : mean QLIKE of every candidate on those origins.
    log_errors : 10, 50 and 90 % quantiles of ln(realised / forecast) of the chosen one.
    """

    model_config = ConfigDict(frozen=True)

    days: int
    model: str
    validated: bool
    origins: int
    qlike: dict[str, float]
    log_errors: tuple[float, float, float]


class RegimeChoice(BaseModel):
    """What a market's outcomes taught of its regimes over one horizon.

    Attributes
    ----------
    parameters : of the regression, see `ml.regimes`.
    skill : whether its walk-forward probabilities beat both plain forecasts; `verdict` says so in words.
    """

    model_config = ConfigDict(frozen=True)

    days: int
    parameters: dict[str, list[float]]
    skill: bool
    verdict: str


class ModelRecord(BaseModel):
    """One entry of the registry.

    Attributes
    ----------
    id : `eth-3f9a1c20b7de`: asset and the first digits of the hash of all that it was made from.
    candidates : names of the models that were compared.
    data_hash : SHA-256 of the bars up to `data_until` (seconds of market time).
    code_version : version of the package and hash of the modelling code.
    created : wall time, ISO 8601.
    prior : id of what was learned elsewhere and these models start from.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    asset: str
    candidates: tuple[str, ...]
    data_hash: str
    data_until: int
    data_bars: int
    code_version: str
    created: datetime
    horizons: tuple[HorizonChoice, ...]
    regimes: tuple[RegimeChoice, ...] = ()
    prior: str = "shipped"

    def horizon(self, days: int) -> HorizonChoice:
        """The choice for a horizon; KeyError when it has none."""
        for choice in self.horizons:
            if choice.days == days:
                return choice
        raise KeyError(days)


def record_id(asset: str, data_hash: str, candidates: tuple[str, ...], prior: str = "shipped") -> str:
    """The id of what these inputs make: equal inputs give an equal id."""
    made_from = "\n".join((asset, data_hash, code_version(), prior, *candidates))
    return f"{asset.lower()}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"


@cache
def code_version() -> str:
    """The package's version with a hash of every file that decides what a model says."""
    folder = Path(__file__).parent
    files = sorted([*folder.glob("models/*.py"), *(folder / name for name in _DECIDING)])
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


class Registry:
    """Records in a folder.

    Parameters
    ----------
    folder : made when the first record is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, identifier: str) -> ModelRecord | None:
        """A record by id; None when there is none, or when its file is not what was saved (it is then made again)."""
        try:
            return _read(self._path(identifier), identifier)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            DAMAGED.inc()
            log.warning("a record cannot be used and is made again", id=identifier, reason=str(error).split("\n")[0])
            return None

    def save(self, record: ModelRecord) -> None:
        """Write a record as a whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(record.id)
        partial = path.with_suffix(".partial")
        saved = _Saved(sha256=_digest(record), record=record)
        partial.write_text(saved.model_dump_json(indent=2) + "\n", encoding="utf-8")
        partial.replace(path)

    def _path(self, identifier: str) -> Path:
        return self.folder / f"{identifier}.json"

    def __iter__(self) -> Iterator[ModelRecord]:
        for path in sorted(self.folder.glob("*.json")):
            with contextlib.suppress(ValueError, OSError):
                yield _read(path, path.stem)


class _Saved(BaseModel):
    """A record's file: the record, and the hash of its JSON."""

    sha256: str
    record: ModelRecord


def _digest(record: ModelRecord) -> str:
    return hashlib.sha256(record.model_dump_json().encode()).hexdigest()


def _read(path: Path, identifier: str) -> ModelRecord:
    """A record's file; ValueError where it is damaged, altered, or of another name."""
    saved = _Saved.model_validate_json(path.read_bytes())
    if saved.record.id != identifier or saved.sha256 != _digest(saved.record):
        raise ValueError("its hash or its id is not that of what it holds")
    return saved.record


def now() -> datetime:
    """Wall time of a new record."""
    return datetime.now(UTC)
