"""Live changes: heard after their commit, and never larger than Postgres takes."""

from __future__ import annotations

import asyncio

import psycopg

from optionix.store.engine import conninfo
from optionix.store.notify import CHANNEL, BlockChange, listen

CHANGE = BlockChange(31337, 7, "0x07", 1_700_000_000, None, ("spot:1", "trade:ETH-27NOV26-3000-C"))


def test_a_change_survives_its_payload() -> None:
    assert BlockChange.parse(CHANGE.payload()) == CHANGE


def test_too_many_topics_become_any() -> None:
    many = BlockChange(1, 7, "0x07", 1, 9, tuple(f"account:{number:#042x}" for number in range(1000)))
    parsed = BlockChange.parse(many.payload())
    assert len(many.payload().encode()) < 8000
    assert parsed.topics == ("*",)
    assert parsed.touches("account:0x01")
    assert parsed.reorg_from == 9


async def test_a_listener_hears_what_was_committed_and_nothing_else(database_url: str) -> None:
    heard: list[BlockChange] = []
    listener = asyncio.create_task(_collect(conninfo(database_url), heard, 2))
    async with await psycopg.AsyncConnection.connect(conninfo(database_url), autocommit=True) as session:
        await _until_listening(session)
        async with session.transaction(force_rollback=True):
            await session.execute("select pg_notify(%s, %s)", [CHANNEL, BlockChange(1, 1, "", 0, None, ()).payload()])
        await session.execute("select pg_notify(%s, %s)", [CHANNEL, CHANGE.payload()])
        await session.execute("select pg_notify(%s, %s)", [CHANNEL, BlockChange(1, 8, "", 0, 7, ()).payload()])
    await asyncio.wait_for(listener, 10)
    assert [change.block for change in heard] == [7, 8]


async def _collect(where: str, heard: list[BlockChange], count: int) -> None:
    async for change in listen(where):
        heard.append(change)
        if len(heard) == count:
            return


async def _until_listening(session: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """Waits until another session has said LISTEN."""
    query = "select count(*) from pg_stat_activity where query ilike 'listen%%' and state = 'idle'"
    async with asyncio.timeout(10):
        while True:
            row = await (await session.execute(query)).fetchone()
            if row and row[0]:
                return
            await asyncio.sleep(0.01)
