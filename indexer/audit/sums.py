"""What the tables must say of one another: sums whose parts are compared with the contracts one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from indexer.audit.snapshot import Snapshot


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
