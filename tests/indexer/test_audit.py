"""The audit finds every value that is not what the contracts say, and names it."""

from __future__ import annotations

import asyncio
import json

import pytest

from indexer.audit.run import keep_auditing, store
from indexer.audit.snapshot import NoSuchBlock
from indexer.progress import Progress
from optionix.chain.rpc import Rpc
from optionix.store.engine import conninfo
from tests.indexer.life import World
from tests.indexer.running import CHAIN, audited, following, index, query, syncing, until, until_at_head

TAMPERINGS = [
    ("balance", "update balance set free = free + 1 where account = (select min(account) from balance)"),
    ("balance", "delete from balance where free > 0"),
    ("book", "update book set locked = locked + 1 where account = (select min(account) from book)"),
    ("book", "update book set kind = 1 where kind = 3"),
    ("leg", "update leg set amount = 10000000000 where account = (select min(account) from leg)"),
    ("position", "update position set amount = amount + 1 where account = (select min(account) from position)"),
    ("supply", "delete from position where amount > 0"),
    ("supply", "update series set supply = supply + 1 where name = 'ETH-7MAR23-1600-C'"),
    ("fee_pot", "update fee_pot set bounty_paid = bounty_paid + 1"),
    ("operator", "update operator set flags = 0"),
    ("settings", "update clearinghouse set treasury = null"),
    ("vault", "update vault set idle_assets = idle_assets - 1"),
    ("vault", "update vault set short_vega = short_vega + 1 where market = 1"),
    ("vault", "update vault set params = jsonb_set(params, '{noticeSeconds}', '\"1\"')"),
    ("vault_series", "update vault_series set amount = 10000000000"),
    ("vault_share", "delete from vault_share where shares > 0"),
    ("claim", "update vault_claim set redeem_assets = redeem_assets + 1"),
    ("request", "update lp_request set status = 'pending', processed = 0, cancelled = 0"),
    ("surface", "update surface set theta = theta + 1"),
    ("surface", "update surface set previous_timestamp = 0"),
    ("settlement", "update expiry set settlement_price = settlement_price + 1"),
    ("checkpoint", "update feed_checkpoint set price = price + 1"),
    ("settlement", "update expiry set settlement_rule = 1"),
    ("order", "update order_state set filled = filled + 1 where filled > 0"),
    ("order", "update order_state set order_hash = '0x01' where order_hash is not null"),
    ("order", "update order_state set cancelled = not cancelled"),
    ("order", "update nonce_floor set floor = floor - 1"),
    ("settings", "update exchange set of_caller = of_caller + 1"),
    ("outage", "update feed_outage set seen = 1"),
    ("spot", "update spot set round_id = round_id - 1 where market = 1"),
    ("operator", "update redeem_for set allowed = not allowed"),
    ("operator", "update token_approval set approved = not approved"),
    ("settings", "update volatility_oracle set heartbeat = heartbeat + 1"),
    ("settings", "update volatility_oracle set threshold = threshold + 1"),
    ("market", "update market set anchor = anchor + 1 where market = 1"),
    ("market", "update feed_version set max_age = max_age + 1 where market = 1"),
    ("vault", "update vault set base_net_assets = base_net_assets + 1 where rebased_block is not null"),
    ("request", "update lp_request set ready_at = ready_at + 1"),
    ("open_interest", "update series set placed = placed + 1"),
    ("open_interest", "update series set written = written + 1"),
    ("profit", "update account_profit set amount = amount + 1"),
    ("profit", "update account_profit set realised = realised - 1"),
    ("profit", "delete from account_profit"),
    ("custody", "update balance set free = free + 1000000000000000000000000"),
]


@pytest.fixture
def url(lived_url: str) -> str:
    """A database that holds the lived chain."""
    return lived_url


@pytest.mark.parametrize(("kind", "tampering"), TAMPERINGS)
async def test_a_wrong_value_is_found_under_its_kind(lived: World, url: str, kind: str, tampering: str) -> None:
    query(url, f"{tampering} returning 1")
    result = await audited(lived, url)
    assert result.drift > 0
    assert result.drift_by_kind()[kind] > 0
    assert kind in {entry["kind"] for entry in result.as_json()["differences"]}


async def test_an_untouched_index_has_no_drift_and_says_what_was_compared(lived: World, url: str) -> None:
    result = await audited(lived, url)
    text = json.dumps(result.as_json())
    assert result.drift == 0, text
    assert {kind for kind, _ in TAMPERINGS} <= result.checked.keys()
    assert all(count > 0 for count in result.checked.values())


async def test_contracts_that_come_later_are_no_drift(chain: World, database_url: str) -> None:
    """A young chain's newest final block may lie before its last contracts."""
    vault = chain.deployment.vaults[-1].address
    made = next(block for block in range(chain.head) if chain.rpc.call("eth_getCode", vault, hex(block)) != "0x")
    await index(chain, database_url)
    final = int(chain.rpc.call("eth_getBlockByNumber", "finalized", False)["number"], 16)
    before = await audited(chain, database_url, made - 1)
    assert final < made and before.drift == 0, before.as_json()
    after = await audited(chain, database_url, made)
    assert after.drift == 0 and after.checked["vault"] > before.checked["vault"]
    # One that was heard of and has no code any more is no newcomer.
    chain.rpc.call("anvil_setCode", chain.deployment.address("Exchange"), "0x")
    chain.mine(1)
    await index(chain, database_url)
    gone = await audited(chain, database_url)
    assert gone.drift_by_kind()["settings"] > 0


async def test_blocks_that_the_tables_cannot_show_are_refused(lived: World, url: str) -> None:
    for at in (1, lived.head + 1):
        with pytest.raises(NoSuchBlock, match=r"can be compared at blocks \d+"):
            await audited(lived, url, at)


async def test_nothing_indexed_yet(lived: World, database_url: str) -> None:
    with pytest.raises(NoSuchBlock, match="optionix index"):
        await audited(lived, database_url)


async def test_results_are_kept(lived: World, url: str) -> None:
    result = await audited(lived, url)
    store(conninfo(url), result)
    (row,) = query(url, "select * from audit")
    assert (row["chain_id"], row["block_number"], row["drift"]) == (CHAIN, lived.head, 0)
    assert row["checked"] == sum(result.checked.values())


async def test_it_audits_itself_while_the_chain_goes_on(chain: World, database_url: str) -> None:
    async with following(chain, database_url) as sync, Rpc(chain.anvil.url) as rpc:
        progress = sync.progress
        auditing = asyncio.create_task(
            keep_auditing(lambda: rpc, sync.setup, conninfo(database_url), progress, pause_seconds=0.05)
        )
        for act in (chain.fund, chain.trade, chain.write, chain.ask_out, chain.settle):
            await asyncio.to_thread(act)
        for _ in range(2):
            chain.mine(40)
            await until_at_head(sync, chain)
            wanted = sync.progress.finalized
            await until(lambda wanted=wanted: (progress.drift_block or 0) >= wanted)
        auditing.cancel()
        assert progress.report().status == "ok"
    audits = query(database_url, "select block_number, drift from audit order by id")
    assert len(audits) >= 2
    assert all(row["drift"] == 0 for row in audits)


def test_drift_makes_the_service_unwell() -> None:
    progress = Progress("local", CHAIN, phase="live")
    progress.audited(7, 3)
    report = progress.report()
    assert report.status == "degraded"
    assert "3 values" in report.detail
    assert report.figures["drift_block"] == 7


async def test_erasing_keeps_the_record_of_audits(lived: World, url: str) -> None:
    store(conninfo(url), await audited(lived, url))
    async with syncing(lived, url) as sync:
        await sync.erase()
    assert query(url, "select count(*) as rows from event") == [{"rows": 0}]
    assert query(url, "select count(*) as rows from audit") == [{"rows": 1}]
