"""The risk engine: bars, models and surfaces of each market, kept between questions.

A question is answered from what is known at market time. The first answer uses the models that are quick to compare;
the full comparison runs on a thread behind it and takes over when it is done, and again each week of market time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import structlog
from prometheus_client import Counter

from ml.accounts import Around, Assessment, assess
from ml.bars import BadBars, Bars, InputReport, realised_variance
from ml.blend import Evidence
from ml.book_trades import MAX_AGE_SECONDS
from ml.forecasts import Forecaster, HorizonForecast, long_run_variance, require_sound
from ml.holdings import Holding
from ml.installed import Installed, RefusedModel, Shelf, require_known, shipped_with_code, trial
from ml.market_data import MarketData, Moment, NotIndexed
from ml.market_inputs import SPOT_MAX_AGE, MarketInputs, slice_age
from ml.models import ALL, BY_NAME, MEMBERS, VarianceModel
from ml.outlook import Regime, classify
from ml.paths import FilteredDays, TooFewDays, filtered_days
from ml.registry import ModelRecord, Registry
from ml.selection import select, selection_end
from ml.sources import BarSource, read_bars
from ml.surfaces import Surface, TermStructure, build_surface, fit_shape, flat_problem, jump_problem
from ml.validation import Progress
from ml.valuation import MarketState
from ml.venue import VenueSource
from ml.view import MarketView, View, rest, same

log = structlog.get_logger("risk")

SWAPS = Counter("optionix_risk_model_swaps_total", "Trained models that a running service took")
REFUSED_MODELS = Counter("optionix_risk_models_refused_total", "Trained models on disk that were refused")
SPOT_MAX_RATIO = 1.25
"""A spot this far from the last bar's close is of another price, or moved as none of its bars did."""


class _Closing(Exception):
    """The engine is being closed."""


@dataclass
class AssetState:
    """What is kept of one asset."""

    asset: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    record: ModelRecord | None = None
    forecaster: Forecaster | None = None
    full: bool = False
    pending: Future[None] | None = None
    view: View | None = None


class RiskEngine:
    """Answers of the risk service.

    Parameters
    ----------
    data : the indexed tables.
    source : where bars come from.
    registry : where selections are kept.
    compare_all : whether all models are compared behind the first answers, or the quick ones alone serve.
    venue : where option chains of a venue come from, if anywhere.
    """

    def __init__(
        self,
        data: MarketData,
        source: BarSource,
        registry: Registry,
        *,
        compare_all: bool = True,
        venue: VenueSource | None = None,
    ) -> None:
        self.data = data
        self.source = source
        self.registry = registry
        self.compare_all = compare_all
        self.venue = venue
        self._states: dict[str, AssetState] = {}
        self._states_lock = threading.Lock()
        self._days: dict[str, tuple[Bars, FilteredDays]] = {}
        self._closing = threading.Event()
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="validation")
        self._shelf = Shelf(registry.folder)
        self._installed = self._shelf.look() or shipped_with_code()
        self._refused: str | None = None
        self.on_selection: Callable[[ModelRecord], None] = lambda record: None

    def close(self) -> None:
        """Give up what runs in the background; it ends within one fit, which the end of the process waits for."""
        self._closing.set()
        self._workers.shutdown(wait=False, cancel_futures=True)
        if self.venue is not None:
            self.venue.close()

    def view(self, market: int) -> MarketView:
        """A market now.

        Raises
        ------
        NotIndexed
            When the tables do not have the market or any block yet.
        BadBars
            When there are too few bars to say anything.
        """
        info = self.data.market(market)
        moment = self.data.moment()
        return MarketView(info, moment.timestamp, self.asset_view(info.symbol, moment.timestamp))

    def surface(self, market: int, seen: MarketView | None = None) -> tuple[MarketView, Surface, float | None]:
        """A surface for every listed expiry of a market, and the spot; errors as for `view`, which `seen` may be."""
        seen = seen or self.view(market)
        problems = list(seen.view.problems)
        spot: float | None = None
        try:
            spot, updated_at = self.data.spot(market)
            if seen.as_of - updated_at > SPOT_MAX_AGE:
                problems.append(f"stale: the feed's last round is {seen.as_of - updated_at} s old")
            last = float(seen.view.bars.close[-1])
            if not 1 / SPOT_MAX_RATIO < spot / last < SPOT_MAX_RATIO:
                problems.append(f"the spot {spot:.6g} is not near the last bar's {last:.6g}")
        except NotIndexed as error:
            problems.append(f"no spot: {error}")
        expiries = self.data.expiries(market, seen.as_of)
        if not expiries:
            problems.append("no expiry is listed")
        term = TermStructure(seen.view.forecasts, seen.view.long_run)
        evidence = Evidence(
            self.venue.ask(seen.market.symbol, seen.as_of, spot) if self.venue else None,
            self.data.fills(market, seen.as_of - MAX_AGE_SECONDS),
        )
        oracle = self.data.oracle(market, expiries)
        built = build_surface(
            expiries, seen.as_of, term, seen.view.shape, problems=problems, evidence=evidence, oracle=oracle
        )
        return seen, built, spot

    def regime(self, market: int) -> tuple[MarketView, Regime]:
        """A market's regime; errors as for `view`."""
        seen = self.view(market)
        return seen, classify(seen.view.series, seen.view.forecasts, seen.view.record.regimes)

    def accounts(self, accounts: Sequence[str]) -> tuple[Moment, list[Assessment]]:
        """The risk of each account's open options at the stored slices and spots, all of one block.

        Raises
        ------
        NotIndexed
            Before the first block.
        """
        with self.data.at_one_block() as data:
            moment = data.moment()
            held = [data.holdings(account) for account in accounts]
            owned = [(data.books(account), data.free_balances(account)) for account in accounts]
            around = self._around(data, [holding for holdings in held for holding in holdings], moment.timestamp)
        around = self._with_history(around, moment)
        return moment, [
            assess(holdings, around, moment.timestamp, locked=locked, free=free)
            for holdings, (locked, free) in zip(held, owned, strict=True)
        ]

    def portfolio(self, holdings: Sequence[Holding]) -> tuple[Moment, Assessment]:
        """The risk of options that somebody might have; NotIndexed before the first block."""
        with self.data.at_one_block() as data:
            moment = data.moment()
            around = self._around(data, holdings, moment.timestamp)
        return moment, assess(holdings, self._with_history(around, moment), moment.timestamp)

    def _around(self, data: MarketData, holdings: Sequence[Holding], now: int) -> Around:
        markets, inputs = {}, {}
        for market, symbol in ((info.market, info.symbol) for info in data.markets()):
            expiries = {holding.expiry for holding in holdings if holding.market == market}
            if expiries:
                (spot, updated_at), slices = data.spot(market), data.slices(market)
                markets[market] = MarketState(market, symbol, spot, {at: one.unpack() for at, one in slices.items()})
                age = slice_age(slices, expiries, now)
                inputs[market] = MarketInputs(market, symbol, now - updated_at, age, data.heartbeat())
        return Around(
            markets,
            data.settlement_decimals(),
            rooms=data.vault_rooms(),
            interest=data.open_interest([holding.series_id for holding in holdings]),
            inputs=inputs,
        )

    def _with_history(self, around: Around, moment: Moment) -> Around:
        history, inputs = {}, {}
        for market, known in around.inputs.items():
            report = None
            try:
                bars, report = read_bars(self.source, known.symbol, moment.timestamp)
                history[known.symbol] = self._history(known.symbol, bars)
                inputs[market] = replace(known, report=report)
            except (BadBars, TooFewDays) as error:
                inputs[market] = replace(known, report=report, history=str(error))
        return replace(around, history=history, inputs=inputs)

    def _history(self, asset: str, bars: Bars) -> FilteredDays:
        """Filtered days of an asset, made anew when there is a new bar; no model is needed for them."""
        kept = self._days.get(asset)
        if kept is None or not same(kept[0], bars):
            kept = self._days[asset] = (bars, filtered_days(realised_variance(bars)))
        return kept[1]

    def active(self) -> set[str]:
        """Ids of the records that answer now."""
        return {state.record.id for state in self._states.values() if state.record is not None}

    def asset_view(self, asset: str, now: int) -> View:
        """What follows from the bars of an asset known at `now`."""
        with self._states_lock:
            state = self._states.setdefault(asset, AssetState(asset))
        with state.lock:
            bars, report = read_bars(self.source, asset, now)
            try:
                view = self._view(state, bars, report)
            except (ArithmeticError, ValueError) as error:
                # Models fail in many ways on prices that are none, flat for weeks, or beyond what a float holds.
                raise BadBars(f"{asset}: no forecast can be made of these bars: {error}") from error
            state.view = view
            return view

    def _view(self, state: AssetState, bars: Bars, report: InputReport) -> View:
        """What follows from bars; ValueError where it is nothing that can be told."""
        forecaster = self._forecaster(state, bars)
        view = state.view
        if view is not None and view.record is forecaster.record and same(view.bars, bars):
            return View(bars, report, *rest(view))
        series = realised_variance(bars)
        forecasts = tuple(forecaster.forecast(bars))
        require_sound(forecasts)
        return View(
            bars,
            report,
            series,
            forecasts,
            forecaster.record,
            fit_shape(series),
            long_run_variance(series),
            jump_problem(series) or flat_problem(series),
        )

    def _forecaster(self, state: AssetState, bars: Bars) -> Forecaster:
        week = selection_end(bars.end)
        current = state.record
        outdated = current is not None and current.prior != self._installed.id
        if state.forecaster is None or current is None or outdated or current.data_until > bars.end:
            self._take(state, *self._first(bars), full=False)
        elif state.full and current.data_until < week:
            state.full = False
        if self.compare_all and not state.full and state.pending is None:
            state.pending = self._workers.submit(self._select_all, state, bars)
        if state.forecaster is None:
            raise AssertionError("a forecaster was just made")
        return state.forecaster

    def _go_on(self, _: str) -> None:
        if self._closing.is_set():
            raise _Closing

    def _select_all(self, state: AssetState, bars: Bars) -> None:
        installed = self._installed
        try:
            record, forecaster = self._select(bars, ALL, installed, self._go_on)
        except _Closing:
            return
        except Exception:
            # The models in use go on answering; the next question tries again.
            log.exception("model selection failed", asset=state.asset)
            state.pending = None
            return
        with state.lock:
            if installed is self._installed:
                self._take(state, record, forecaster, full=True)
            state.pending = None

    def _select(
        self, bars: Bars, models: Sequence[type[VarianceModel]], installed: Installed, progress: Progress | None = None
    ) -> tuple[ModelRecord, Forecaster]:
        record = select(bars, models, self.registry, progress, installed.prior, installed.id)
        return record, Forecaster(record, installed.prior)

    def _first(self, bars: Bars) -> tuple[ModelRecord, Forecaster]:
        """The quick models from what is installed, tried against the shipped ones; the shipped where that is no use."""
        shipped = shipped_with_code()
        record, forecaster = self._select(bars, MEMBERS, shipped)
        installed = self._installed
        if installed.id == shipped.id:
            return record, forecaster
        try:
            return self._tried(bars, MEMBERS, installed, forecaster.forecast(bars))
        except RefusedModel as error:
            self._refuse(installed, str(error))
            self._installed = shipped
            return record, forecaster

    def _tried(
        self,
        bars: Bars,
        models: Sequence[type[VarianceModel]],
        found: Installed,
        known: Sequence[HorizonForecast],
    ) -> tuple[ModelRecord, Forecaster]:
        """A selection from what was installed; RefusedModel unless what it forecasts is sound beside what is known."""
        try:
            require_known(found.prior, bars.end)
            record, forecaster = self._select(bars, models, found, self._go_on)
            trial(forecaster.forecast(bars), known)
            # A selection goes around what is absurd; that it was trained so is reason enough to refuse it.
            trial(forecaster.of_combination().forecast(bars), known)
        except (_Closing, RefusedModel):
            raise
        except Exception as error:
            # Whatever a trained model does wrong, the ones in use go on answering.
            log.exception("a trained model failed", id=found.id)
            raise RefusedModel(f"it fails: {type(error).__name__}") from error
        return record, forecaster

    def _refuse(self, installed: Installed, reason: str) -> None:
        self._refused = reason
        REFUSED_MODELS.inc()
        log.error("a trained model is refused", id=installed.id, reason=reason)

    def _take(self, state: AssetState, record: ModelRecord, forecaster: Forecaster, *, full: bool) -> None:
        state.record, state.forecaster, state.full = record, forecaster, full
        chosen = {choice.days: choice.model for choice in record.horizons}
        log.info("models selected", asset=record.asset, id=record.id, chosen=chosen, candidates=record.candidates)
        self.on_selection(record)

    # --- what was trained and installed while the service runs ---

    @property
    def prior_id(self) -> str:
        """What the models that answer now start from."""
        return self._installed.id

    @property
    def refused_model(self) -> str | None:
        """Why what is installed on disk is not used; None where it is."""
        return self._shelf.refused or self._refused

    def take_installed(self) -> bool:
        """Take what was installed since the last look, for every asset in use or for none; whether it was taken.

        Models are selected, fitted and tried while the others answer; then each asset changes over between two answers.
        """
        before = self.refused_model
        found = self._shelf.look()
        if found is None:
            if self._shelf.refused is not None and self._shelf.refused != before:
                REFUSED_MODELS.inc()
                log.error("a trained model is refused", reason=self._shelf.refused)
            return False
        self._refused = None
        with self._states_lock:
            states = [state for state in self._states.values() if state.view is not None]
        ready: list[tuple[AssetState, ModelRecord, Forecaster]] = []
        try:
            for state in states:
                view, record = state.view, state.record
                if view is None or record is None:
                    continue
                models = [BY_NAME[name] for name in record.candidates]
                ready.append((state, *self._tried(view.bars, models, found, view.forecasts)))
        except _Closing:
            return False
        except RefusedModel as error:
            self._refuse(found, str(error))
            return False
        with contextlib.ExitStack() as held:
            for state, _, _ in ready:
                held.enter_context(state.lock)
            self._installed = found
            for state, new, forecaster in ready:
                self._take(state, new, forecaster, full=state.full)
        SWAPS.inc()
        log.info("a trained model was taken", id=found.id, assets=[state.asset for state, _, _ in ready])
        return True


__all__ = ["BadBars", "MarketView", "RiskEngine", "View"]
