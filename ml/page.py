"""A page that holds all its plots and tables, so that it can be sent and read anywhere, by day and by night."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from ml.drawing import INK, PAPER, save
from optionix import __version__

_STYLE = (
    ":root{color-scheme:light dark;--ink:#222;--paper:#fff;--quiet:#555;--rule:#d5d8dd}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e6ea;--paper:#15171b;--quiet:#a3a9b3;--rule:#3a3f47}}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;"
    "color:var(--ink);background:var(--paper)}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}figure{margin:1rem 0}"
    "nav a{margin-right:1rem;white-space:nowrap}a{color:inherit}"
    "figure svg{max-width:100%;height:auto}figcaption{color:var(--quiet);font-size:.9rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;margin:.5rem 0}"
    "th,td{padding:.2rem .8rem;border-bottom:1px solid var(--rule);text-align:right}"
    "th:first-child,td:first-child{text-align:left}.wide{overflow-x:auto}"
)
_THEMED = {INK: "var(--ink)", "#000000": "var(--ink)", PAPER: "var(--paper)"}
"""Colours of figures that follow the reader's theme."""


@dataclass(frozen=True)
class Plot:
    """A figure with its file's name, what it shows, and its figures as rows of words, the first of them a head."""

    name: str
    heading: str
    caption: str
    figure: Figure
    table: Sequence[Sequence[str]] = ()


def write(shown: Sequence[Plot], folder: Path, done: Callable[[int, int], None] = lambda at, of: None) -> Path:
    """Write `index.html` with all plots inside, and each as a PNG beside it; gives the page."""
    folder.mkdir(parents=True, exist_ok=True)
    links = "".join(f"<a href='#{escape(plot.name)}'>{escape(plot.heading)}</a> " for plot in shown)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>Optionix risk report</title><style>{_STYLE}</style><h1>Optionix risk report</h1>"
        f"<p>Made by version {escape(__version__)}. Times are UTC.</p><nav>{links}</nav>"
    ]
    for place, plot in enumerate(shown, 1):
        # Places are found once; the second drawing takes them as they are.
        save(plot.figure, folder / f"{plot.name}.png")
        plot.figure.set_layout_engine("none")
        parts.append(
            f"<h2 id={escape(plot.name)}>{escape(plot.heading)}</h2><figure role=img "
            f'aria-label="{escape(plot.heading)}">{_svg(plot.figure)}'
            f"<figcaption>{escape(plot.caption)}</figcaption></figure>{_table(plot.table)}"
        )
        done(place, len(shown))
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return page


def _table(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th scope=col>{escape(word)}</th>" for word in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(word)}</td>" for word in row) + "</tr>" for row in rows[1:])
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _svg(figure: Figure) -> str:
    """The figure as an SVG element, without the XML prolog that HTML has no place for, in the reader's theme."""
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "optionix"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    themed = re.sub("|".join(_THEMED), lambda found: _THEMED[found.group()], whole[whole.index("<svg") :])
    # Glyphs have the colour of their group; what has none follows the ink.
    return themed.replace("<svg ", "<svg fill='var(--ink)' ", 1)
