"""What a fit of a chain file is written as, and its summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.calibration.quotes import Quotes
from ml.calibration.surface import FittedSlice, FittedSurface


@dataclass
class Summary:
    """Figures over all slices that were written."""

    slices: int = 0
    skipped: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    failed_checks: list[str] = field(default_factory=list)
    raw_errors: list[float] = field(default_factory=list)
    ssvi_errors: list[float] = field(default_factory=list)

    def add(self, surface: FittedSurface, expiries: Sequence[Quotes]) -> None:
        """Count a snapshot."""
        self.slices += len(surface.slices)
        self.skipped += len(surface.skipped)
        for quotes in expiries:
            self.rejected.update(quotes.rejected)
        for entry in surface.slices:
            self.repaired.update(entry.repaired)
            self.raw_errors.append(entry.raw_error)
            self.ssvi_errors.append(entry.ssvi_error)
        self.failed_checks += [f"{check.name}: {check.detail}" for check in surface.checks if not check.ok]

    def document(self) -> dict[str, Any]:
        """As JSON; errors in points of volatility."""
        return {
            "slices": self.slices,
            "expiries_with_too_few_quotes": self.skipped,
            "raw_svi_error_points": _spread(self.raw_errors),
            "ssvi_error_points": _spread(self.ssvi_errors),
            "repaired": dict(self.repaired),
            "rejected_quotes": dict(self.rejected.most_common()),
            "failed_checks": self.failed_checks,
        }


def slice_document(moment: pd.Timestamp, entry: FittedSlice) -> dict[str, Any]:
    """One slice: parameters of both fits, errors, and fitted volatilities at the strikes that were used."""
    quotes, chain = entry.quotes, entry.ssvi.unpack()
    return {
        "ts": moment.isoformat(),
        "currency": quotes.currency,
        "expiry": pd.Timestamp(quotes.expiry, unit="s", tz="UTC").isoformat(),
        "years": quotes.years,
        "forward": quotes.forward,
        "parity_forward": quotes.parity_forward if np.isfinite(quotes.parity_forward) else None,
        "raw_svi": {
            "a": entry.raw.a,
            "b": entry.raw.b,
            "rho": entry.raw.rho,
            "m": entry.raw.m,
            "sigma": entry.raw.sigma,
            "error_points": entry.raw_error,
        },
        "ssvi": {
            "theta": chain.theta,
            "phi": chain.phi,
            "rho": chain.rho,
            "stored": {
                "theta": str(entry.ssvi.theta),
                "phi": str(entry.ssvi.phi),
                "rho": str(entry.ssvi.rho),
                "carry": str(entry.ssvi.carry),
                "timestamp": entry.ssvi.timestamp,
            },
            "error_points": entry.ssvi_error,
        },
        "repaired": list(entry.repaired),
        "rejected": quotes.rejected,
        "strike": quotes.strike.tolist(),
        "volatility": quotes.volatility.tolist(),
        "raw_svi_volatility": entry.raw_volatility(quotes.k).tolist(),
        "ssvi_volatility": entry.ssvi_volatility(quotes.k).tolist(),
    }


def write(documents: Iterator[dict[str, Any]], path: Path) -> int:
    """Write slices as one JSON array, or a line each where the name ends in `.jsonl`; how many there were."""
    lines = path.suffix == ".jsonl"
    count = 0
    with path.open("w", encoding="utf-8") as out:
        out.write("" if lines else "[\n")
        for count, document in enumerate(documents, 1):
            if count > 1:
                out.write("\n" if lines else ",\n")
            json.dump(document, out, allow_nan=False)
        out.write("\n" if lines else "\n]\n")
    return count


def _spread(errors: Sequence[float]) -> dict[str, float] | None:
    if not errors:
        return None
    return {"median": float(np.median(errors)), "p95": float(np.quantile(errors, 0.95)), "max": float(max(errors))}
