"""The risk of accounts, vaults and portfolios over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from ml import risk_schemas as schemas
from ml.accounts import Assessment
from ml.answers import ANSWER_SECONDS, ERRORS, bars_used
from ml.engine import RiskEngine
from ml.holdings import Holding
from ml.market_data import Moment, NotIndexed
from ml.market_inputs import MarketInputs
from optionix.instruments import InstrumentError, Side, parse_series

_WAD = 10**18


class BadPortfolio(ValueError):
    """Legs that no portfolio can have; the message says which and why."""


def add_risk(app: FastAPI, engine: RiskEngine) -> None:
    """Add the endpoints to the application."""

    @app.post("/risk/account", responses=ERRORS)
    def account(request: schemas.AccountRequest) -> schemas.AccountAnswer:
        """Greeks, scenarios, tails and worst cases of an account or a vault."""
        _require_chain(engine, request.chain_id)
        with ANSWER_SECONDS.labels("account").time():
            return _accounts(engine, [request.account])[0]

    @app.post("/risk/accounts", responses=ERRORS)
    def accounts(request: schemas.AccountsRequest) -> schemas.AccountsAnswer:
        """The same of many."""
        _require_chain(engine, request.chain_id)
        with ANSWER_SECONDS.labels("accounts").time():
            return schemas.AccountsAnswer(accounts=_accounts(engine, request.accounts))

    @app.post("/risk/portfolio", responses=ERRORS)
    def portfolio(request: schemas.PortfolioRequest) -> schemas.PortfolioAnswer:
        """The same of options that somebody might have, written ones as legs of netted books."""
        _require_chain(engine, request.chain_id)
        with ANSWER_SECONDS.labels("portfolio").time():
            moment, found = engine.portfolio(holdings_of(request.legs, engine))
        return schemas.PortfolioAnswer(**_fields(engine, moment, found))


def holdings_of(legs: Sequence[schemas.LegRequest], engine: RiskEngine) -> list[Holding]:
    """Legs as holdings: all of a (market, side, expiry) where anything is written lie in one netted book.

    Raises
    ------
    BadPortfolio
        For an instrument that is not well formed, has no market here or is over.
    """
    markets = {info.symbol: info.market for info in engine.data.markets()}
    now = engine.data.moment().timestamp
    found = []
    for leg in legs:
        try:
            series = parse_series(leg.instrument, markets)
        except InstrumentError as error:
            raise BadPortfolio(str(error)) from error
        if series.expiry <= now:
            raise BadPortfolio(f"{leg.instrument} expired before market time {now}: leave it out")
        if amount := int(leg.amount * _WAD):
            found.append((series, leg.instrument, amount))
    written = {series.book_key for series, _, amount in found if amount < 0}
    return [
        Holding(
            series.id, name, series.market, int(series.side), series.expiry, series.strike, amount,
            "book" if series.book_key in written else "tokens",
        )
        for series, name, amount in found
    ]  # fmt: skip


def _require_chain(engine: RiskEngine, chain_id: int) -> None:
    if chain_id != engine.data.chain_id:
        raise NotIndexed(f"chain {chain_id} is not served here, chain {engine.data.chain_id} is")


def _accounts(engine: RiskEngine, accounts: Sequence[str]) -> list[schemas.AccountAnswer]:
    moment, found = engine.accounts(accounts)
    return [
        schemas.AccountAnswer(account=account.lower(), **_fields(engine, moment, assessment))
        for account, assessment in zip(accounts, found, strict=True)
    ]


def _fields(engine: RiskEngine, moment: Moment, found: Assessment) -> dict[str, Any]:
    return {
        "chain_id": engine.data.chain_id,
        "as_of": moment.timestamp,
        "block": moment.block,
        "exposures": [schemas.ExposureAnswer.model_validate(entry) for entry in found.exposures],
        "scenarios": [
            schemas.ScenarioAnswer(
                market=entry.market,
                symbol=entry.symbol,
                spot_moves=list(entry.spot_moves),
                volatility_moves=list(entry.volatility_moves),
                changes=[list(row) for row in entry.changes],
                extended_moves=list(entry.extended_moves),
                extended=list(entry.extended),
                binding=schemas.CellAnswer.model_validate(entry.binding),
            )
            for entry in found.scenarios
        ],
        "tails": [schemas.TailAnswer.model_validate(entry) for entry in found.tails],
        "worst_cases": [
            schemas.WorstCaseAnswer(
                market=entry.market,
                side=Side(entry.side).name,
                expiry=entry.expiry,
                decimals=entry.decimals,
                locked=str(entry.locked),
                loss=str(entry.loss),
                price=None if entry.price is None else str(entry.price),
                unbounded=entry.unbounded,
            )
            for entry in found.worst_cases
        ],
        "concentration": [schemas.ShareAnswer.model_validate(entry) for entry in found.concentration],
        "free": [
            schemas.FreeAnswer(token=entry.token, symbol=entry.symbol, decimals=entry.decimals, free=str(entry.free))
            for entry in found.free
        ],
        "closable": [
            schemas.ClosableAnswer(
                series_id=str(entry.series_id),
                name=entry.name,
                amount=str(entry.amount),
                closable=str(entry.closable),
                open_interest=str(entry.open_interest),
            )
            for entry in found.closable
        ],
        "findings": [schemas.FindingAnswer.model_validate(entry) for entry in found.findings],
        "unpriced": list(found.unpriced),
        "inputs": [_inputs(engine, entry) for entry in found.inputs],
    }


def _inputs(engine: RiskEngine, entry: MarketInputs) -> schemas.MarketInputsAnswer:
    return schemas.MarketInputsAnswer(
        market=entry.market,
        symbol=entry.symbol,
        spot_age=entry.spot_age,
        slice_age=entry.slice_age,
        heartbeat=entry.heartbeat,
        bars=None if entry.report is None else bars_used(engine, entry.report),
        stale=entry.stale,
        gappy=entry.gappy,
        problems=entry.problems,
    )
