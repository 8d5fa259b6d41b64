"""The audit misses rows that are lost: what the tables do not know of is asked for as well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from prometheus_client import REGISTRY

from indexer.audit.run import keep_auditing
from optionix.chain.rpc import Rpc
from optionix.local.postgres import EmbeddedPostgres
from optionix.store.engine import conninfo
from tests.indexer.life import UPPER_CALL, World, world
from tests.indexer.running import CHAIN, audited, index, query, syncing, until
from tests.support.postgres import copied_database, migrated_database

LOSSES = [
    ("balance", "balance where free > 0"),
    ("book", "book where kind = 2"),
    ("book", "book where locked > 0"),
    ("open_interest", "leg where amount < 0"),
    ("open_interest", "leg where amount > 0"),
    ("profit", "position where amount > 0"),
    ("supply", "series where supply > 0"),
    ("fee_pot", "fee_pot"),
    ("vault", "vault where total_supply > 0"),
    ("vault_share", "vault_share where shares > 0"),
    ("vault_series", "vault_series where amount > 0"),
    ("claim", "vault_claim where deposit_shares > 0"),
    ("request", "lp_request where status = 'pending'"),
    ("surface", "surface"),
    ("listing", "expiry"),
    ("order", "order_state where filled > 0"),
    ("order", "order_fill"),
    ("order", "order_state where cancelled"),
    ("order", "nonce_floor"),
    ("operator", "operator where flags > 0"),
    ("operator", "token_approval where approved"),
    ("profit", "account_profit"),
]


@pytest.fixture(scope="module")
def market() -> Iterator[World]:
    """A chain with everything open: books, positions, orders in part, requests that wait. Tests only read it."""
    with world() as made:
        for act in (made.fund, made.route, made.trade, made.write, made.exchange):
            act()
        made.client(6).request_deposit("ETH-C", "5")
        made.client(5).claim("ETH-C")
        provider = made.client(5)
        provider.request_redeem("ETH-C", provider.share_balance("ETH-C") // 4)
        yield made


@pytest.fixture(scope="module")
def tables(market: World, postgres: EmbeddedPostgres) -> Iterator[str]:
    """Its tables, and one order that was sent to the API: its nonce was cancelled on chain."""
    with migrated_database(postgres) as url:
        asyncio.run(index(market, url))
        with psycopg.connect(conninfo(url)) as connection:
            connection.execute(
                "insert into signed_order values (%s, %s, %s, %s, 41, %s, '{}', '', false, %s)",
                [CHAIN, "0x41", market.client(9).address.lower(), market.client(9).series(UPPER_CALL).id,
                 market.now + 3600, datetime.now(UTC)],
            )  # fmt: skip
        yield url


@pytest.fixture
def url(tables: str, postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of the test's own."""
    with copied_database(postgres, tables) as copy:
        yield copy


async def test_nothing_is_missed_where_nothing_is_lost(market: World, url: str) -> None:
    result = await audited(market, url)
    assert result.drift == 0, result.as_json()
    assert {kind for kind, _ in LOSSES} <= result.checked.keys()


@pytest.mark.parametrize(("kind", "lost"), LOSSES, ids=[lost.partition(" where")[0] for _, lost in LOSSES])
async def test_a_lost_row_is_missed(market: World, url: str, kind: str, lost: str) -> None:
    assert query(url, f"delete from {lost} returning 1"), "nothing to lose"
    result = await audited(market, url)
    assert result.drift_by_kind()[kind] > 0, result.as_json()


async def test_the_schedule_tells_drift_until_it_is_mended(market: World, url: str) -> None:
    """As a metric and in the service's health, whatever is lost; without its market no question can be asked at all."""
    async with syncing(market, url) as sync, Rpc(market.anvil.url) as rpc:
        progress = sync.progress
        progress.phase = "live"
        auditing = asyncio.create_task(keep_auditing(lambda: rpc, sync.setup, conninfo(url), progress, 0.05))
        for lost in ("vault_share where shares > 0", "market where market = 1"):
            await until(lambda: progress.drift == 0 and progress.report().status == "ok")
            assert drift_exported() == 0
            rows = query(url, f"delete from {lost} returning *")
            await until(lambda: progress.report().status == "degraded")
            assert drift_exported() == progress.drift
            assert (
                f"the audit at block {progress.drift_block} found {progress.drift} values" in progress.report().detail
            )
            (kept,) = query(url, "select drift, detail from audit order by id desc limit 1")
            assert kept["drift"] > 0 and kept["detail"]["differences"]
            for row in rows:
                columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
                query(url, f"insert into {lost.split()[0]} ({columns}) values ({places}) returning 1", *row.values())
        await until(lambda: progress.drift == 0 and progress.report().status == "ok")
        auditing.cancel()
        await asyncio.gather(auditing, return_exceptions=True)


def drift_exported() -> float | None:
    """The metric."""
    return REGISTRY.get_sample_value("optionix_audit_drift", {"network": "local"})
