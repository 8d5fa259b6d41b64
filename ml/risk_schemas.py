"""Questions about the risk of accounts, vaults and portfolios, and their answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ml.schemas import Answer, Inputs

Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class AccountRequest(BaseModel):
    """Whose risk is asked for: an account or a vault by its address."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int
    account: Address


class AccountsRequest(BaseModel):
    """Whose risk is asked for, at most a hundred at once."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int
    accounts: list[Address] = Field(min_length=1, max_length=100)


class LegRequest(BaseModel):
    """Contracts of an instrument: positive held, negative written; exact, as text (`-2.5`)."""

    model_config = ConfigDict(extra="forbid")

    instrument: str = Field(max_length=64)
    amount: Decimal = Field(max_digits=38, decimal_places=8, allow_inf_nan=False)


class PortfolioRequest(BaseModel):
    """Options that somebody might have."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int
    legs: list[LegRequest] = Field(min_length=1, max_length=200)


class ExposureAnswer(Answer):
    """Value and greeks of one (market, expiry) in quote; vega per point of volatility, theta per day."""

    market: int
    symbol: str
    expiry: int
    value: float
    delta: float
    gamma: float
    vega: float
    theta: float


class CellAnswer(Answer):
    """One scenario; `share` of its change counts when the worst is looked for."""

    spot_move: float
    volatility_move: float
    change: float
    share: float


class ScenarioAnswer(Answer):
    """Changes of value in quote: rows by volatility move, columns by spot move (both relative, the volatility's at
    thirty days); `extended` at far spot moves with volatility up; `binding` is the worst of all."""

    market: int
    symbol: str
    spot_moves: list[float]
    volatility_moves: list[float]
    changes: list[list[float]]
    extended_moves: list[float]
    extended: list[float]
    binding: CellAnswer


class TailAnswer(Answer):
    """Value at risk and expected shortfall, losses positive, quote, from so many scenarios of so many days' history."""

    days: int
    level: float
    value_at_risk: float
    expected_shortfall: float
    scenarios: int
    history_days: int


class WorstCaseAnswer(Answer):
    """What a book has locked and the most that it can lose, token units of its settlement asset (exact, as text).

    `price` (WAD, as text) is the settlement price of the worst; it is null where nothing can be lost, and where the
    worst is approached as the price rises without end (`unbounded`).
    """

    market: int
    side: str
    expiry: int
    decimals: int
    locked: str
    loss: str
    price: str | None
    unbounded: bool


class ShareAnswer(Answer):
    """The largest part of the vega by market, expiry, side or strike, and its share."""

    by: str
    name: str
    share: float


class FreeAnswer(Answer):
    """A free balance, token units (exact, as text)."""

    token: str
    symbol: str
    decimals: int
    free: str


class ClosableAnswer(Answer):
    """Contracts (WAD, as text) of a series: net position, what the vault would take over now, open interest."""

    series_id: str
    name: str
    amount: str
    closable: str
    open_interest: str


class FindingAnswer(Answer):
    """Plain words with a severity: info, warning or critical."""

    severity: str
    text: str


class MarketInputsAnswer(Answer):
    """What a market's figures were made of, ages in seconds of market time.

    `slice_age` is of the oldest slice that prices something, trusted by the contracts for `heartbeat` (0: not known);
    `bars` is null where there are too few to be read. `problems` say in words what is `stale` or `gappy`.
    """

    market: int
    symbol: str
    spot_age: int
    slice_age: int | None
    heartbeat: int
    bars: Inputs | None
    stale: bool
    gappy: bool
    problems: list[str]


class PortfolioAnswer(Answer):
    """Open options: greeks, scenarios, tails, worst cases, findings. `unpriced` series are in no figure.

    `tails` is empty where the history is too short; `inputs` are of the markets of what is held.
    """

    chain_id: int
    as_of: int
    block: int
    exposures: list[ExposureAnswer]
    scenarios: list[ScenarioAnswer]
    tails: list[TailAnswer]
    worst_cases: list[WorstCaseAnswer]
    concentration: list[ShareAnswer]
    free: list[FreeAnswer]
    closable: list[ClosableAnswer]
    findings: list[FindingAnswer]
    unpriced: list[str]
    inputs: list[MarketInputsAnswer]


class AccountAnswer(PortfolioAnswer):
    """The same of an account or a vault on the chain."""

    account: str


class AccountsAnswer(Answer):
    """Many accounts at one block."""

    accounts: list[AccountAnswer]
