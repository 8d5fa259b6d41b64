"""Questions about what the tables have no row for, and so say nothing of: a row that was lost is found by them.

Who is asked for what follows from other tables: a series that has legs has books, makers have nonces, deployed vaults
have shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.audit.snapshot import Snapshot
from indexer.setup import EXCHANGE, VAULT, ChainSetup

_UNPOSTED = {"theta": 0, "phi": 0, "rho": 0, "carry": 0, "timestamp": 0}
_NO_BOOK = {"kind": 0, "legCount": 0, "locked": 0}
Question = tuple[str, str, str, str, str, tuple[Any, ...], Any]
"""Kind, subject, ABI, address, function, arguments, and the answer of who knows nothing of it."""


def questions(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    """Every question, subject after subject."""
    yield from _series(tables, setup)
    yield from _books(tables, setup)
    yield from _surfaces(tables, setup)
    yield from _vaults(tables, setup)
    yield from _makers(tables, setup)


def _series(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    token, known = setup.address("OptionToken"), {row["series_id"] for row in tables.rows("series")}
    named = {row["series_id"] for name in ("position", "leg", "account_profit") for row in tables.rows(name)}
    for series in sorted(named - known):
        yield "supply", f"{series}", "OptionToken", token, "totalSupply", (series,), 0


def _books(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    house = setup.address("Clearinghouse")
    known = {(row["account"], row["book_key"]) for row in tables.rows("book")}
    named = {
        (row["account"], row["series_id"] >> 64) for name in ("leg", "account_profit") for row in tables.rows(name)
    }
    for account, key in sorted(named - known):
        yield "book", f"{account} {key}", "Clearinghouse", house, "book", (account, key), _NO_BOOK
    pots = {row["book_key"] for row in tables.rows("fee_pot")}
    for key in sorted({row["series_id"] >> 64 for row in tables.rows("series")} - pots):
        yield "fee_pot", f"{key}", "Clearinghouse", house, "feePot", (key,), 0
        yield "fee_pot", f"{key} bounty", "Clearinghouse", house, "bountyPaid", (key,), 0


def _surfaces(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    oracle = setup.address("VolatilityOracle")
    surfaces = {(row["market"], row["expiry"]) for row in tables.rows("surface")}
    expiries = {(row["market"], row["expiry"]) for row in tables.rows("expiry")}
    for market, expiry in sorted(expiries - surfaces):
        subject = f"{market} {expiry}"
        yield "surface", subject, "VolatilityOracle", oracle, "slice", (market, expiry), _UNPOSTED


def _vaults(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    known = {row["address"] for row in tables.rows("vault")}
    for vault in setup.vaults:
        if vault.address not in known:
            for function in ("totalSupply", "idleAssets", "lockedAssets"):
                yield "vault", f"{vault.symbol} {function}", VAULT, vault.address, function, (), 0
    claims = {(row["vault"], row["controller"]) for row in tables.rows("vault_claim")}
    asked = {(row["vault"], row["controller"]) for row in tables.rows("lp_request")}
    for vault_address, controller in sorted(asked - claims):
        for function in ("maxDeposit", "maxRedeem"):
            subject = f"{vault_address} {controller} {function}"
            yield "claim", subject, VAULT, vault_address, function, (controller,), 0


def _makers(tables: Snapshot, setup: ChainSetup) -> Iterator[Question]:
    """Orders that can still be filled, of which the chain may say that they were or that their maker took them back."""
    exchange = setup.address(EXCHANGE)
    states = {(row["maker"], row["nonce"]) for row in tables.rows("order_state")}
    filled = {(row["maker"], row["nonce"]) for row in tables.rows("order_fill")}
    posted = tables.open_orders()
    for maker, nonce in sorted((filled | posted) - states):
        yield "order", f"{maker} {nonce}", EXCHANGE, exchange, "nonceState", (maker, nonce), (0, 0, False)
    makers = {maker for maker, _ in states | filled | posted}
    for maker in sorted(makers - {row["maker"] for row in tables.rows("nonce_floor")}):
        yield "order", f"{maker} floor", EXCHANGE, exchange, "nonceFloor", (maker,), 0
    house, token = setup.address("Clearinghouse"), setup.address("OptionToken")
    allowed = {row["account"] for row in tables.rows("operator") if row["operator"] == exchange}
    for maker in sorted(makers - allowed):
        subject = f"{maker} {exchange}"
        yield "operator", subject, "Clearinghouse", house, "operatorFlags", (maker, exchange), 0
    approved = {row["account"] for row in tables.rows("token_approval") if row["operator"] == exchange}
    for maker in sorted(makers - approved):
        subject = f"{maker} {exchange} options"
        yield "operator", subject, "OptionToken", token, "isApprovedForAll", (maker, exchange), False
