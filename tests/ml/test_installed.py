"""What is installed beside a running service: taken whole between two answers, or refused while the old one answers."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from ml import registry as registry_module
from ml.engine import RiskEngine
from ml.forecasts import HorizonForecast
from ml.installed import FILE, RefusedModel, Shelf, install, read_installed, trial
from ml.market_data import MarketData
from ml.prior import Prior, read, shipped
from ml.registry import Registry
from ml.service import create_app, health
from ml.sources import FeedHistory, Joined, ShippedHistory
from optionix.cli.risk import risk
from tests.ml.market import CHAIN, NOW, fill_market


def changed(factor: float) -> Prior:
    """The shipped prior with every parameter a little different."""
    document = json.loads(shipped().document())
    for one in document["learned"]:
        for horizons in one["models"].values():
            for parameters in horizons.values():
                for values in parameters.values():
                    values[:] = [value * factor for value in values]
    return read(json.dumps(document))


@pytest.fixture
def engine(database: Engine, tmp_path: Path) -> Iterator[RiskEngine]:
    fill_market(database)
    engine = make_engine(database, tmp_path)
    yield engine
    engine.close()


def make_engine(database: Engine, folder: Path) -> RiskEngine:
    data = MarketData(database, CHAIN)
    source = Joined(ShippedHistory(), FeedHistory(data))
    return RiskEngine(data, source, Registry(folder / "models"), compare_all=False)


def count(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def test_what_was_installed_is_read_back_and_read_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.look() is None and shelf.refused is None
    named = install(changed(1.001), tmp_path)
    found = shelf.look()
    assert found is not None and found.id == named == read_installed(tmp_path / FILE).id
    assert found.prior.document() == changed(1.001).document()
    assert shelf.look() is None, "nothing new"
    assert not list(tmp_path.glob("**/*.partial"))


def _edit(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    def altered(body: bytes) -> bytes:
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    return altered


def _rehashed(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """Altered by somebody who knows how the hash is made."""
    from ml.installed import _digest

    def altered(document: Any) -> None:
        change(document["learned"])
        document["sha256"] = _digest(document["learned"])

    return _edit(altered)


def _first_parameters(learned: Any) -> Any:
    horizons = next(iter(learned[0]["models"].values()))
    return next(iter(horizons.values()))


def _infinite(learned: Any) -> None:
    parameters = _first_parameters(learned)
    parameters[next(iter(parameters))][0] = math.inf


def _shorter(learned: Any) -> None:
    parameters = _first_parameters(learned)
    parameters[next(iter(parameters))].append(1.0)


def _stranger(learned: Any) -> None:
    learned[0]["models"]["oracle_of_delphi"] = {"1": {"truth": [1.0]}}


BROKEN: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("empty", lambda body: b"", "cannot be read"),
    ("partial", lambda body: body[: len(body) // 2], "cannot be read"),
    ("not JSON", lambda body: b"\x00" * 100, "cannot be read"),
    ("of another form", lambda body: b"[1]", "cannot be read"),
    ("deep", lambda body: b"[" * 100_000, "cannot be read"),
    ("tampered", lambda body: body.replace(b'"until": 1', b'"until": 2', 1), "damaged or altered"),
    ("other code", _edit(lambda document: document.update(code_version="0")), "train it again"),
    ("infinite", _rehashed(_infinite), "finite"),
    ("misshapen", _rehashed(_shorter), "not those of this model"),
    ("unknown model", _rehashed(_stranger), "oracle_of_delphi"),
    ("nothing", _rehashed(lambda learned: learned.clear()), "nothing was learned"),
]


@pytest.mark.parametrize(("name", "spoil", "reason"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_anything_but_what_install_wrote_is_refused(
    name: str, spoil: Callable[[bytes], bytes], reason: str, tmp_path: Path
) -> None:
    install(changed(1.001), tmp_path)
    path = tmp_path / FILE
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(RefusedModel, match=reason):
        read_installed(path)


def test_a_service_takes_what_is_sound_and_keeps_the_old_for_what_is_not(engine: RiskEngine, tmp_path: Path) -> None:
    client = TestClient(create_app(engine))
    before = client.get("/forecasts/1").json()
    assert not engine.take_installed() and engine.prior_id == "shipped"
    named = install(changed(1.01), tmp_path / "models")
    swaps = count("optionix_risk_model_swaps_total")
    assert engine.take_installed()
    after = client.get("/forecasts/1").json()
    assert after["model"]["id"] != before["model"]["id"] and after["horizons"] != before["horizons"]
    assert engine.prior_id == named and count("optionix_risk_model_swaps_total") == swaps + 1
    assert [one["prior"] for one in client.get("/models").json()["models"] if one["active"]] == [named]
    assert health(engine).status == "ok" and health(engine).figures["prior"] == named

    path = tmp_path / "models" / FILE
    refused = count("optionix_risk_models_refused_total")
    path.write_bytes(path.read_bytes()[:-100])
    assert not engine.take_installed() and not engine.take_installed()
    assert client.get("/forecasts/1").json() == after, "the old one answers"
    told = health(engine)
    assert told.status == "degraded" and "cannot be read" in told.detail and told.figures["prior"] == named
    assert count("optionix_risk_models_refused_total") == refused + 1

    install(changed(-60.0), tmp_path / "models")
    assert not engine.take_installed(), "sound as a file, absurd as a model"
    assert engine.refused_model == "it forecasts nothing sound over 1 d"
    assert client.get("/forecasts/1").json() == after
    install(changed(1.02), tmp_path / "models")
    assert engine.take_installed() and health(engine).status == "ok"


def test_a_forecast_far_from_the_one_in_use_is_not_believed() -> None:
    def one(volatility: float, q10: float = 0.5) -> list[HorizonForecast]:
        variance = volatility**2 / 365
        return [HorizonForecast(1, variance, q10 * variance, variance, 2 * variance, "ewma", True)]

    trial(one(0.6), one(0.5))
    for new in (one(2.1), one(0.12), one(math.nan), one(0.0), one(0.5, q10=1.5), one(math.inf)):
        with pytest.raises(RefusedModel, match="forecasts"):
            trial(new, one(0.5))


def test_what_was_learned_after_market_time_is_no_start(engine: RiskEngine, tmp_path: Path) -> None:
    engine.asset_view("ETH", NOW)
    document = json.loads(shipped().document())
    for one in document["learned"]:
        one["until"] = NOW + 86_400
    install(read(json.dumps(document)), tmp_path / "models")
    assert not engine.take_installed() and "market time" in str(engine.refused_model)


def test_a_restart_starts_from_what_is_installed_and_tries_it_first(database: Engine, tmp_path: Path) -> None:
    fill_market(database)
    named = install(changed(1.01), tmp_path / "models")
    started = make_engine(database, tmp_path)
    assert started.asset_view("ETH", NOW).record.prior == named
    started.close()
    install(changed(-60.0), tmp_path / "models")
    doubtful = make_engine(database, tmp_path)
    assert doubtful.asset_view("ETH", NOW).record.prior == "shipped"
    assert doubtful.refused_model is not None
    doubtful.close()


def test_answers_while_models_change_are_of_one_model_each(engine: RiskEngine, tmp_path: Path) -> None:
    """Each answer's forecasts are those of the model that it names, whichever that is."""
    engine.asset_view("ETH", NOW)
    stop, said = threading.Event(), set()

    def ask() -> None:
        while not stop.is_set():
            view = engine.asset_view("ETH", NOW)
            said.add((view.record.id, tuple(one.variance for one in view.forecasts)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 4):
        install(changed(1 + number / 100), tmp_path / "models")
        assert engine.take_installed()
        engine.asset_view("ETH", NOW)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(said) == 4 and len({name for name, _ in said}) == 4


def test_a_record_that_was_altered_on_disk_is_made_again(engine: RiskEngine, tmp_path: Path) -> None:
    record = engine.asset_view("ETH", NOW).record
    path = tmp_path / "models" / f"{record.id}.json"
    path.write_text(path.read_text().replace('"validated": true', '"validated": false'))
    damaged = registry_module.DAMAGED._value.get()
    assert engine.registry.find(record.id) is None and registry_module.DAMAGED._value.get() == damaged + 1
    assert record.id not in {one.id for one in engine.registry}
    again = RiskEngine(engine.data, engine.source, engine.registry, compare_all=False)
    assert again.asset_view("ETH", NOW).record.horizons == record.horizons
    assert engine.registry.find(record.id) is not None
    again.close()


def test_train_asks_where_what_it_learns_goes(tmp_path: Path) -> None:
    done = CliRunner().invoke(risk, ["train", "--bars", "ETH=absent.csv", "--until", "2023-03-06"])
    assert "--install" in str(done.exception)
