"""Vaults: their own ledger, their open series, shares and settings.

A vault counts only what it booked itself, so its ledger follows from its own events, not from its balance in the
Clearinghouse (which may hold gifts).
"""

from __future__ import annotations

from typing import Any

from indexer.decode.catalogue import Event
from indexer.derive import rows
from indexer.derive.collateral import collateral_up
from indexer.derive.positions import NOBODY
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.setup import VAULT
from optionix.instruments import Series

_WAD = 10**18
_SHARE_DECIMALS = 18
_VIRTUAL_ASSETS = 1000
"""Token units that nobody owns, with as many virtual shares (OptionVault.VIRTUAL_ASSETS)."""


def book_vault(
    state: State,
    event: Event,
    *,
    free: int = 0,
    pending_assets: int = 0,
    pending_shares: int = 0,
    claimable_assets: int = 0,
    claimable_shares: int = 0,
) -> rows.Vault:
    """Add to a vault's ledger and keep what follows from it; the row, for further changes."""
    row = state.vault.existing(event.address)
    row.free_assets += free
    row.pending_assets += pending_assets
    row.pending_shares += pending_shares
    row.claimable_assets += claimable_assets
    row.claimable_shares += claimable_shares
    row.idle_assets = row.free_assets - row.pending_assets - row.claimable_assets
    state.topic(f"vault:{event.address}")
    return row


def set_share_price(row: rows.Vault, event: Event, assets: int, shares: int) -> None:
    """Keep what a share is worth to who leaves, as `assets` for `shares` have just said it; WAD, rounded down."""
    if shares:
        row.share_price = assets * 10 ** (_SHARE_DECIMALS - row.asset_decimals) * _WAD // shares
        row.share_price_block = event.block_number


@on(VAULT, "Bought")
def bought(state: State, event: Event) -> None:
    args = event.args
    locked = _change_series(state, event, args["series"], args["amount"])
    row = book_vault(state, event, free=args["premium"] - args["performanceFee"] - locked)
    row.locked, row.short_vega = args["locked"], args["shortVegaWad"]
    row.premium_bought += args["premium"]
    row.protocol_fees += args["fee"]
    row.performance_fees += args["performanceFee"]


@on(VAULT, "SoldBack")
def sold_back(state: State, event: Event) -> None:
    args = event.args
    locked = _change_series(state, event, args["series"], -args["amount"])
    row = book_vault(state, event, free=-locked - args["premium"])
    row.locked, row.short_vega = args["locked"], args["shortVegaWad"]
    row.premium_sold += args["premium"]


@on(VAULT, "SeriesReleased")
def series_released(state: State, event: Event) -> None:
    held = state.vault_series.existing(event.address, event.args["series"])
    collateral, held.amount, held.collateral = held.collateral, 0, 0
    row = book_vault(state, event, free=collateral - event.args["owed"])
    row.locked -= collateral


@on(VAULT, "Rebased")
def rebased(state: State, event: Event) -> None:
    row = book_vault(state, event)
    row.base_net_assets, row.short_vega = event.args["netAssets"], event.args["shortVegaWad"]
    row.rebased_block = event.block_number
    virtual_shares = _VIRTUAL_ASSETS * 10 ** (_SHARE_DECIMALS - row.asset_decimals)
    set_share_price(row, event, row.base_net_assets + _VIRTUAL_ASSETS, row.total_supply + virtual_shares)


@on(VAULT, "Transfer")
def transfer(state: State, event: Event) -> None:
    giver, taker, shares = event.args["from"], event.args["to"], event.args["value"]
    row = book_vault(state, event)
    if giver == NOBODY:
        row.total_supply += shares
    else:
        state.vault_share.change(event.address, giver).shares -= shares
    if taker == NOBODY:
        row.total_supply -= shares
    else:
        state.vault_share.change(event.address, taker).shares += shares
    # The vault holds the shares of requests: those moves are told by the requests' own events.
    if NOBODY not in (giver, taker) and event.address not in (giver, taker):
        state.record(event, giver, "share_out", vault=event.address, amount=shares, counterparty=taker)
        state.record(event, taker, "share_in", vault=event.address, amount=shares, counterparty=giver)


@on(VAULT, "ParamsSet")
def params_set(state: State, event: Event) -> None:
    book_vault(state, event).params = _as_json(event.args["params"])


@on(VAULT, "FeesSet")
def fees_set(state: State, event: Event) -> None:
    book_vault(state, event).fees = _as_json(event.args["fees"])


@on(VAULT, "TradesPaused")
def trades_paused(state: State, event: Event) -> None:
    book_vault(state, event).trades_paused = event.args["paused"]


@on(VAULT, "DepositsPaused")
def deposits_paused(state: State, event: Event) -> None:
    book_vault(state, event).deposits_paused = event.args["paused"]


@on(VAULT, "OperatorSet")
def operator_set(state: State, event: Event) -> None:
    args = event.args
    state.vault_operator.change(event.address, args["controller"], args["operator"]).approved = args["approved"]


def append_history(state: State, block_number: int, timestamp: int) -> None:
    """Keep what the vaults that a block changed are after it."""
    for (address,) in state.vault.changed_keys():
        row = state.vault.require(address)
        state.append(
            "vault_history",
            vault=address,
            block_number=block_number,
            timestamp=timestamp,
            total_supply=row.total_supply,
            idle_assets=row.idle_assets,
            locked=row.locked,
            pending_assets=row.pending_assets,
            pending_shares=row.pending_shares,
            claimable_assets=row.claimable_assets,
            claimable_shares=row.claimable_shares,
            short_vega=row.short_vega,
            base_net_assets=row.base_net_assets,
            share_price=row.share_price,
        )


def _change_series(state: State, event: Event, series_id: int, change: int) -> int:
    """Add to what a vault has open in a series; how much more collateral that locks."""
    held = state.vault_series.change(event.address, series_id)
    held.amount += change
    decimals = state.vault.require(event.address).asset_decimals
    before, held.collateral = held.collateral, collateral_up(Series.from_id(series_id), held.amount, decimals)
    return held.collateral - before


def _as_json(struct: dict[str, Any]) -> dict[str, Any]:
    """A struct's fields, integers as decimal text: some are wider than a JSON number keeps."""
    return {name: str(value) for name, value in struct.items()}
