"""What the API tells of signed orders and of settlements, over a chain on which both happened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from optionix.chain.transactions import local_account
from optionix.settings import Settings
from tests.indexer.life import UPPER_CALL, UPPER_PUT, world
from tests.indexer.running import index
from tests.support.postgres import migrated_database, throwaway_postgres

MAKER, TAKER = (local_account(number).address for number in (5, 9))


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The API over a life with signed orders, up to the settlement."""
    folder: Path = tmp_path_factory.mktemp("api")
    with throwaway_postgres() as server, migrated_database(server) as url, world() as chain:
        for act in (chain.fund, chain.trade, chain.write, chain.exchange, chain.ask_out, chain.settle):
            act()
        asyncio.run(index(chain, url))
        settings = Settings(database_url=url, data_dir=folder, risk_url="http://127.0.0.1:9")
        with TestClient(create_app(settings)) as made:
            yield made


def trades(caller: TestClient, **wanted: str) -> list[dict[str, Any]]:
    """Newest first."""
    answer = caller.get("/v1/trades", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["trades"]
    return found


def test_a_settlement_says_its_rule(caller: TestClient) -> None:
    (settled,) = caller.get("/v1/settlements").json()["settlements"]
    assert settled["rule"] == "average"


def test_trades_tell_both_parties_and_what_was_paid(caller: TestClient) -> None:
    match, bid, second, first = trades(caller, series=UPPER_CALL)
    assert (first["taker"], first["maker"], first["matched"]) == (TAKER.lower(), MAKER.lower(), False)
    assert (first["premium"], first["paid_premium"], first["paid_asset"]) == ("0.015", "0.015", "ETH")
    assert first["volatility"] is None
    assert second["amount"] == "0.5"
    assert (bid["action"], bid["paid_asset"], bid["asset"]) == ("sell", "USDC", "ETH")
    spot = Decimal(bid["spot"])
    assert Decimal(bid["premium"]) == pytest.approx(Decimal(bid["paid_premium"]) / spot, rel=Decimal("1e-9"))
    assert match["matched"]
    (put,) = trades(caller, series=UPPER_PUT)
    assert (put["asset"], put["paid_asset"], put["paid_premium"]) == ("USDC", "ETH", "0.045")


def test_a_maker_finds_its_trades(caller: TestClient) -> None:
    assert trades(caller, account=MAKER) == trades(caller, account=TAKER)
    assert len(trades(caller, account=MAKER)) == 5


def test_trades_with_a_vault_have_no_maker(caller: TestClient) -> None:
    bought = trades(caller, account=local_account(7).address)
    assert bought and all(trade["maker"] is None and not trade["matched"] for trade in bought)
    assert all(trade["volatility"] > 0 for trade in bought)


def test_what_one_pays_the_other_gets_less_the_fees(caller: TestClient) -> None:
    """Profit and loss of the series sum both sides of a signed order: what is left over is the protocol's."""
    found = trades(caller, series=UPPER_CALL)
    fees = sum(Decimal(trade["fee"]) for trade in found)
    paid = {}
    for account in (MAKER, TAKER):
        answer = caller.get(f"/v1/accounts/{account}").json()
        paid[account] = sum(Decimal(each["premium_paid"]) for each in answer["positions"] if each["name"] == UPPER_CALL)
    taken = sum(Decimal(t["premium"]) * (1 if t["action"] == "buy" else -1) for t in found)
    assert paid[TAKER] == taken + fees
