"""Requests of liquidity providers: asked, processed (also in parts), cancelled, claimed."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive import rows
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.derive.vaults import book_vault, set_share_price
from indexer.setup import VAULT

DEPOSIT, REDEEM = "deposit", "redeem"


@on(VAULT, "DepositRequest")
def deposit_request(state: State, event: Event) -> None:
    assets = event.args["assets"]
    vault = book_vault(state, event, free=assets, pending_assets=assets)
    _add(state, event, DEPOSIT, assets, vault)
    state.record(
        event, event.args["controller"], "request_deposit", vault=event.address, token=vault.asset, assets=assets
    )


@on(VAULT, "RedeemRequest")
def redeem_request(state: State, event: Event) -> None:
    shares = event.args["shares"]
    vault = book_vault(state, event, pending_shares=shares)
    _add(state, event, REDEEM, shares, vault)
    state.record(event, event.args["controller"], "request_redeem", vault=event.address, amount=shares)


@on(VAULT, "DepositProcessed")
def deposit_processed(state: State, event: Event) -> None:
    args = event.args
    assets, shares = args["assets"], args["shares"]
    vault = book_vault(state, event, pending_assets=-assets, claimable_shares=shares)
    claim = state.vault_claim.change(event.address, args["controller"])
    _process(state, event, DEPOSIT, assets, shares, claim.deposit_total)
    if vault.locked == 0:  # with nothing open, who enters and who leaves have one price
        set_share_price(vault, event, assets, shares)
    claim.deposit_assets += assets
    claim.deposit_shares += shares
    claim.deposit_total += assets
    _record_both(state, event, "deposit_processed", vault, assets, shares)


@on(VAULT, "RedeemProcessed")
def redeem_processed(state: State, event: Event) -> None:
    args = event.args
    assets, shares = args["assets"], args["shares"]
    vault = book_vault(state, event, pending_shares=-shares, claimable_assets=assets)
    claim = state.vault_claim.change(event.address, args["controller"])
    _process(state, event, REDEEM, shares, assets, claim.redeem_total)
    set_share_price(vault, event, assets, shares)
    claim.redeem_assets += assets
    claim.redeem_shares += shares
    claim.redeem_total += shares
    _record_both(state, event, "redeem_processed", vault, assets, shares)


@on(VAULT, "DepositCancelled")
def deposit_cancelled(state: State, event: Event) -> None:
    assets = event.args["assets"]
    vault = book_vault(state, event, free=-assets, pending_assets=-assets)
    _cancel(state, event, DEPOSIT, assets)
    state.record(
        event, event.args["controller"], "cancel_deposit", vault=event.address, token=vault.asset, assets=assets
    )


@on(VAULT, "RedeemCancelled")
def redeem_cancelled(state: State, event: Event) -> None:
    shares = event.args["shares"]
    book_vault(state, event, pending_shares=-shares)
    _cancel(state, event, REDEEM, shares)
    state.record(event, event.args["controller"], "cancel_redeem", vault=event.address, amount=shares)


@on(VAULT, "Deposit")
def shares_claimed(state: State, event: Event) -> None:
    """ERC-7540: the sender of this ERC-4626 event is the controller, its owner the receiver of the shares."""
    args = event.args
    vault = book_vault(state, event, claimable_shares=-args["shares"])
    claim = state.vault_claim.existing(event.address, args["sender"])
    claim.deposit_assets -= args["assets"]
    claim.deposit_shares -= args["shares"]
    state.record(
        event,
        args["sender"],
        "claim_shares",
        vault=event.address,
        token=vault.asset,
        assets=args["assets"],
        amount=args["shares"],
        counterparty=args["owner"],
    )


@on(VAULT, "Withdraw")
def assets_claimed(state: State, event: Event) -> None:
    """ERC-7540: the owner of this ERC-4626 event is the controller."""
    args = event.args
    vault = book_vault(state, event, free=-args["assets"], claimable_assets=-args["assets"])
    claim = state.vault_claim.existing(event.address, args["owner"])
    claim.redeem_assets -= args["assets"]
    claim.redeem_shares -= args["shares"]
    state.record(
        event,
        args["owner"],
        "claim_assets",
        vault=event.address,
        token=vault.asset,
        assets=args["assets"],
        amount=args["shares"],
        counterparty=args["receiver"],
    )


def _add(state: State, event: Event, kind: str, requested: int, vault: rows.Vault) -> None:
    args = event.args
    state.lp_request.add(
        (event.address, kind, args["requestId"]),
        rows.LpRequest(
            controller=args["controller"],
            owner=args["owner"],
            sender=args["sender"],
            requested=requested,
            ready_at=event.timestamp + int(vault.params["noticeSeconds"]),
            requested_at=event.timestamp,
            requested_block=event.block_number,
            updated_at=event.timestamp,
            updated_block=event.block_number,
        ),
    )


def _process(state: State, event: Event, kind: str, units: int, received: int, total: int) -> None:
    row = _update(state, event, kind)
    if row.processed == 0:
        row.start = total
    row.processed += units
    row.received += received
    if row.processed + row.cancelled == row.requested:
        row.status = rows.PROCESSED


def _cancel(state: State, event: Event, kind: str, units: int) -> None:
    row = _update(state, event, kind)
    row.cancelled += units
    row.status = rows.CANCELLED if row.processed == 0 else rows.PROCESSED


def _update(state: State, event: Event, kind: str) -> rows.LpRequest:
    row = state.lp_request.existing(event.address, kind, event.args["requestId"])
    row.updated_at, row.updated_block = event.timestamp, event.block_number
    return row


def _record_both(state: State, event: Event, kind: str, vault: rows.Vault, assets: int, shares: int) -> None:
    state.record(
        event,
        event.args["controller"],
        kind,
        vault=event.address,
        token=vault.asset,
        assets=assets,
        amount=shares,
    )
