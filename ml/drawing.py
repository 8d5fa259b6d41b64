"""What all figures share: colours, and how one is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

INK, PAPER = "#222222", "#ffffff"
"""Of words, axes and what was observed, and of what lies under them; on a page they follow the reader's theme."""
LIGHT, DARK = "#fefefe", "#212121"
"""Of words on coloured cells, whatever the theme."""
OURS, OTHER, QUIET = "#1f6feb", "#d1590a", "#9aa4b2"


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, PNG or PDF, by its name; equal figures give equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = path.suffix.removeprefix(".").lower()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"CreationDate": None} if kind == "pdf" else {}
    figure.savefig(path, format=kind, dpi=120, metadata=metadata)
