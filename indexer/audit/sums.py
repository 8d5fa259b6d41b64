"""What the tables must say of one another: sums whose parts are compared with the contracts one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from indexer.audit.snapshot import Snapshot
from indexer.derive.requests import DEPOSIT, REDEEM
from indexer.derive.rows import PENDING


@dataclass(frozen=True, slots=True)
class Sum:
    """One sum: what a row says, and what its parts come to."""

    kind: str
    subject: str
    expected: Any
    found: Any


def all_sums(tables: Snapshot) -> Iterator[Sum]:
    """Every sum, subject after subject."""
    stakes: dict[tuple[str, int], int] = defaultdict(int)
    written: dict[int, int] = defaultdict(int)
    placed: dict[int, int] = defaultdict(int)
    for row in tables.rows("position"):
        stakes[row["account"], row["series_id"]] += row["amount"]
    for row in tables.rows("leg"):
        stakes[row["account"], row["series_id"]] += row["amount"]
        if row["amount"] < 0:
            written[row["series_id"]] -= row["amount"]
        else:
            placed[row["series_id"]] += row["amount"]
    yield from _open_interest(tables, written, placed)
    yield from _profits(tables, stakes)
    yield from _fills(tables)
    yield from _queues(tables)
    yield from _expiries(tables)


def _open_interest(tables: Snapshot, written: dict[int, int], placed: dict[int, int]) -> Iterator[Sum]:
    settled = {(row["market"], row["expiry"]) for row in tables.rows("expiry") if row["settlement_price"] is not None}
    for row in tables.rows("series"):
        series, name = row["series_id"], row["name"]
        yield Sum("open_interest", f"{name} by leg", (row["written"], row["placed"]), (written[series], placed[series]))
        if (row["market"], row["expiry"]) not in settled:
            # A written leg that the tables lack would be missing here.
            yield Sum("open_interest", name, row["written"], row["supply"] + row["placed"])


def _profits(tables: Snapshot, stakes: dict[tuple[str, int], int]) -> Iterator[Sum]:
    rows = {(row["account"], row["series_id"]): row for row in tables.rows("account_profit")}
    for key in sorted(rows.keys() | {key for key, amount in stakes.items() if amount}):
        row, subject = rows.get(key), f"{key[0]} {key[1]}"
        yield Sum("profit", subject, row["amount"] if row else 0, stakes[key])
        if row:
            money = row["premium_received"] + row["payout"] - row["premium_paid"] - row["fees"]
            yield Sum("profit", f"{subject} money", row["realised"], money + row["cost"] + row["cost_moved"])


def _fills(tables: Snapshot) -> Iterator[Sum]:
    """Every fill is on record: they add up to what each nonce was filled."""
    filled: dict[tuple[str, int], int] = defaultdict(int)
    for row in tables.rows("order_fill"):
        filled[row["maker"], row["nonce"]] += row["amount"]
    states = {(row["maker"], row["nonce"]): row["filled"] for row in tables.rows("order_state")}
    for maker, nonce in sorted(filled.keys() | states.keys()):
        expected, found = states.get((maker, nonce), 0), filled[maker, nonce]
        yield Sum("order", f"{maker} {nonce} by fill", expected, found)


def _queues(tables: Snapshot) -> Iterator[Sum]:
    """Every request that waits is there: they add up to what each vault has in its queues."""
    waiting: dict[tuple[str, str], int] = defaultdict(int)
    for row in tables.rows("lp_request"):
        if row["status"] == PENDING:
            waiting[row["vault"], row["kind"]] += row["requested"] - row["processed"] - row["cancelled"]
    for row in tables.rows("vault"):
        found = (waiting[row["address"], DEPOSIT], waiting[row["address"], REDEEM])
        yield Sum("request", f"{row['symbol']} queues", (row["pending_assets"], row["pending_shares"]), found)


def _expiries(tables: Snapshot) -> Iterator[Sum]:
    """Every series is of an expiry that is listed."""
    listed = {(row["market"], row["expiry"]) for row in tables.rows("expiry")}
    for market, expiry in sorted({(row["market"], row["expiry"]) for row in tables.rows("series")}):
        yield Sum("listing", f"{market} {expiry}", True, (market, expiry) in listed)
