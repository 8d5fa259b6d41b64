"""What the tables should hold, from `eth_getLogs` alone: no code of the indexer has a part in it.

Balances, positions, supplies, books, legs, vaults, orders and trades are rebuilt from the logs of the whole chain by
the replicas that are themselves compared with the contracts, getter by getter, in `tests/rebuild`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from optionix.chain.deployment import Deployment
from optionix.chain.rpc import BlockingRpc
from optionix.store.engine import conninfo
from tests.rebuild.clearinghouse import PLAIN, STRIKE_BITS, ClearinghouseReplica, OptionTokenReplica
from tests.rebuild.exchange import ExchangeReplica
from tests.rebuild.follow import follow
from tests.rebuild.vault import VaultReplica

Facts = dict[tuple[Any, ...], Any]
"""A kind of fact and its key: the value. What is nothing is left out."""


def from_logs(rpc: BlockingRpc, deployment: Deployment) -> Facts:
    """Every fact as the logs of the chain tell it."""
    facts: Facts = {}
    for replica in follow(rpc, deployment):
        if isinstance(replica, ClearinghouseReplica):
            facts |= {("balance", account.lower(), token.lower()): free
                      for (account, token), free in replica.free.items()}  # fmt: skip
            for (account, key), kind in replica.kind.items():
                legs, locked = replica.legs[account, key], replica.locked[account, key]
                if kind != PLAIN or legs or locked:
                    facts["book", account.lower(), key] = (kind, len(legs), locked)
                for strike, amount in legs.items():
                    facts["leg", account.lower(), key << STRIKE_BITS | strike] = amount
        elif isinstance(replica, OptionTokenReplica):
            facts |= {("position", account.lower(), series): amount
                      for (account, series), amount in replica.balances.items()}  # fmt: skip
            facts |= {("supply", series): amount for series, amount in replica.supply.items()}
        elif isinstance(replica, ExchangeReplica):
            facts |= {("filled", maker.lower(), nonce): amount for (maker, nonce), amount in replica.filled.items()}
            facts |= {("cancelled", maker.lower(), nonce): True for maker, nonce in replica.cancelled}
            facts |= {("trade", *place): told for place, told in replica.trades.items()}
        elif isinstance(replica, VaultReplica):
            facts |= {("share", replica.address, account.lower()): shares
                      for account, shares in replica.balances.items()}  # fmt: skip
            facts["vault", replica.address] = (replica.supply, replica.free, replica.locked, replica.short_vega)
            facts |= {("trade", *place): told for place, told in replica.trades.items()}
    return {key: value for key, value in facts.items() if value}


def from_tables(url: str, chain_id: int) -> Facts:
    """The same facts as the tables have them."""
    facts: Facts = {}
    with psycopg.connect(conninfo(url)) as connection:

        def rows(text: str) -> Iterable[tuple[Any, ...]]:
            return (
                tuple(int(value) if isinstance(value, int | float) or hasattr(value, "as_tuple") else value
                      for value in row)
                for row in connection.execute(text, [chain_id])  # type: ignore[arg-type]
            )  # fmt: skip

        facts |= {
            ("balance", a, t): v for a, t, v in rows("select account, token, free from balance where chain_id=%s")
        }
        query = "select account, book_key, kind, leg_count, locked from book where chain_id = %s"
        facts |= {("book", a, key): (kind, count, locked) for a, key, kind, count, locked in rows(query)
                  if kind != PLAIN or count or locked}  # fmt: skip
        for kind, query in (
            ("leg", "select account, series_id, amount from leg where chain_id = %s"),
            ("position", "select account, series_id, amount from position where chain_id = %s"),
            ("filled", "select maker, nonce, filled from order_state where chain_id = %s"),
            ("cancelled", "select maker, nonce, cancelled from order_state where chain_id = %s"),
            ("share", "select vault, account, shares from vault_share where chain_id = %s"),
        ):
            facts |= {(kind, a, key): value for a, key, value in rows(query)}
        facts |= {("supply", key): v for key, v in rows("select series_id, supply from series where chain_id = %s")}
        query = "select address, total_supply, free_assets, locked, short_vega from vault where chain_id = %s"
        facts |= {("vault", address): tuple(values) for address, *values in rows(query)}
        query = "select block_number, log_index, series_id, amount, paid_premium from trade where chain_id = %s"
        facts |= {("trade", block, index): tuple(told) for block, index, *told in rows(query)}
    return {key: value for key, value in facts.items() if value}


def differences(expected: Facts, found: Facts) -> list[str]:
    """Each fact that the tables have otherwise, in a line."""
    return [
        f"{' '.join(map(str, key))}: {found.get(key)} in the tables, {expected.get(key)} by the logs"
        for key in sorted(expected.keys() | found.keys(), key=str)
        if expected.get(key) != found.get(key)
    ]


def assert_recomputed(rpc: BlockingRpc, deployment: Deployment, url: str) -> int:
    """The tables hold what the logs of the chain tell; how many facts were compared."""
    expected = from_logs(rpc, deployment)
    wrong = differences(expected, from_tables(url, deployment.chain_id))
    assert not wrong, "\n".join([f"{len(wrong)} of {len(expected)} facts differ", *wrong[:5]])
    return len(expected)
