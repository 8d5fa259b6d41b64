"""Spot x volatility scenarios as the field's portfolio margins have them, with moves far beyond.

Deribit's portfolio margin (its help pages, 2025): the spot by 16 % in nine steps; volatilities up by 50 % and down by
25 % at thirty days, by (30 / days)^0.3 as much nearer and ^0.13 farther, never up to less than 50 % a year; and spots
from -66 % to +500 % at the higher volatility. Of such extreme moves a share of 33 % counts, as in CME's SPAN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ml.bars import Floats
from ml.compute import Engine, each
from ml.holdings import Holding
from ml.valuation import MarketState, contracts, marks, payoffs, values

SPOT_MOVES = (-0.16, -0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12, 0.16)
VOLATILITY_MOVES = (-0.25, 0.0, 0.50)
"""Of volatilities of thirty days, relative."""
EXTENDED_MOVES = (-0.66, -0.33, 0.50, 1.0, 2.0, 3.0, 4.0, 5.0)
EXTENDED_SHARE = 0.33
_NEAR_POWER, _FAR_POWER = 0.3, 0.13
_REFERENCE_DAYS = 30.0
_LEAST_RAISED = 0.5
_LEAST_FACTOR = 0.05
_DAY = 86_400
_SPOTS = np.array([*SPOT_MOVES * len(VOLATILITY_MOVES), *EXTENDED_MOVES])
"""Spot moves of all scenarios, the grid row by row, then the extended ones; and their volatility moves."""
_VOLATILITIES = np.repeat(
    [*VOLATILITY_MOVES, VOLATILITY_MOVES[-1]], [*[len(SPOT_MOVES)] * len(VOLATILITY_MOVES), len(EXTENDED_MOVES)]
)


@dataclass(frozen=True)
class Cell:
    """One scenario: moves, the change of the value, and the share of it that counts."""

    spot_move: float
    volatility_move: float
    change: float
    share: float

    @property
    def counted(self) -> float:
        """What of the change counts."""
        return self.share * self.change


@dataclass(frozen=True)
class Scenario:
    """Changes of the value of all options of a market, quote.

    Attributes
    ----------
    changes : rows by volatility move, columns by spot move.
    extended : at each of `EXTENDED_MOVES`, volatility up.
    binding : the cell that costs most.
    """

    market: int
    symbol: str
    spot_moves: tuple[float, ...]
    volatility_moves: tuple[float, ...]
    changes: tuple[tuple[float, ...], ...]
    extended_moves: tuple[float, ...]
    extended: tuple[float, ...]
    binding: Cell


def scenario(state: MarketState, holdings: Sequence[Holding], now: int) -> Scenario:
    """All scenarios of what is held in a market."""
    changes = sum((_changes(state, holding, now) for holding in holdings), np.zeros(len(_SPOTS)))
    near = len(VOLATILITY_MOVES) * len(SPOT_MOVES)
    rows, far = changes[:near].reshape(len(VOLATILITY_MOVES), len(SPOT_MOVES)), changes[near:]
    shares = np.where(np.arange(len(changes)) < near, 1.0, EXTENDED_SHARE)
    cells = [
        Cell(float(spot), float(volatility), float(change), float(share))
        for spot, volatility, change, share in zip(_SPOTS, _VOLATILITIES, changes, shares, strict=True)
    ]
    return Scenario(
        state.market,
        state.symbol,
        SPOT_MOVES,
        VOLATILITY_MOVES,
        tuple(tuple(float(change) for change in row) for row in rows),
        EXTENDED_MOVES,
        tuple(float(change) for change in far),
        min(cells, key=lambda cell: cell.counted),
    )


Piece = tuple[MarketState, tuple[Holding, ...], int]


def scenarios(pieces: Sequence[Piece], engine: Engine = "local", scheduler: str | None = None) -> list[Scenario]:
    """Scenarios of many portfolios, here or on a cluster, with equal results."""
    return each(partial(_run), pieces, engine, scheduler)


def _run(piece: Piece) -> Scenario:
    return scenario(*piece)


def _changes(state: MarketState, holding: Holding, now: int) -> Floats:
    """Change of the value of a holding in each scenario."""
    spots = state.spot * (1 + _SPOTS)
    if holding.expiry <= now:
        return payoffs(holding, spots) - payoffs(holding, np.array([state.spot]))
    current = marks(holding, state, now)
    days, volatility = (holding.expiry - now) / _DAY, float(current.volatility)
    factors = {move: volatility_factor(move, days, volatility) for move in VOLATILITY_MOVES}
    moved = values(holding, state, now, spots, np.array([factors[move] for move in _VOLATILITIES.tolist()]))
    return moved - contracts(holding) * current.value_quote


def volatility_factor(move: float, days: float, volatility: float) -> float:
    """Factor of a volatility (annual) with so many days left, for a move named at thirty days."""
    power = _NEAR_POWER if days < _REFERENCE_DAYS else _FAR_POWER
    factor = float(max(1 + move * (_REFERENCE_DAYS / max(days, 1 / 24)) ** power, _LEAST_FACTOR))
    return max(factor, _LEAST_RAISED / volatility) if move > 0 and volatility > 0 else factor
