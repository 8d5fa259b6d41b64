"""Vaults and their requests."""

from __future__ import annotations

from sqlalchemy import select

from api.errors import NotFound
from api.money import WAD_DECIMALS, decimal_string
from api.reader import Reader
from api.valuation.repository import MarketState, market_state, markets
from api.valuation.service import Valuation, locked_for
from api.vaults.schemas import LpRequest as LpRequestView
from api.vaults.schemas import LpRequests, OpenSeries, VaultDetail, Vaults, VaultSummary
from optionix.instruments import Side
from optionix.pricing import vault as vault_pricing
from optionix.pricing.payoff import WAD
from optionix.store.models import LpRequest, Market, Vault, VaultClaim

REQUESTS_SHOWN = 200


async def list_vaults(reader: Reader) -> Vaults:
    """All vaults, marked at the answer's block."""
    views = []
    for market in await markets(reader):
        state = await market_state(reader, market)
        valuation = Valuation(state)
        views += [summary(state, valuation, vault) for _, vault in sorted(state.vaults.items())]
    return Vaults(block=await reader.head(), vaults=views)


async def vault_detail(reader: Reader, address: str) -> VaultDetail:
    """One vault.

    Raises
    ------
    NotFound
        When no vault has that address.
    """
    vault = await find_vault(reader, address)
    market = await reader.first(select(Market).where(Market.chain_id == reader.chain_id, Market.market == vault.market))
    if market is None:
        raise NotFound(f"The market of the vault {address} is not indexed yet.")
    state = await market_state(reader, market)
    return VaultDetail(block=await reader.head(), vault=summary(state, Valuation(state), vault))


async def find_vault(reader: Reader, address: str) -> Vault:
    """The vault at an address.

    Raises
    ------
    NotFound
        When there is none.
    """
    vault = await reader.first(select(Vault).where(Vault.chain_id == reader.chain_id, Vault.address == address.lower()))
    if vault is None:
        raise NotFound(f"There is no vault at {address}. GET /v1/vaults lists them.")
    return vault


def summary(state: MarketState, valuation: Valuation, vault: Vault) -> VaultSummary:
    """A vault with its open series and its value at the mid mark."""
    decimals = vault.asset_decimals
    legs = valuation.marks(vault)
    priced = all(known for _, _, _, known in legs)
    net_assets = vault.idle_assets + vault.locked - vault_pricing.total(marks for _, _, marks, _ in legs).mid
    asset, token, _ = state.asset(vault.side)
    share_unit = 10**vault.decimals

    def assets(units: int) -> str:
        return decimal_string(units, decimals)

    return VaultSummary(
        address=vault.address,
        name=vault.name,
        symbol=vault.symbol,
        market=state.symbol,
        side=Side(vault.side).name,
        asset=asset,
        asset_token=token,
        asset_decimals=decimals,
        share_decimals=vault.decimals,
        total_supply=decimal_string(vault.total_supply, vault.decimals),
        net_assets=assets(net_assets) if priced else None,
        value_per_share=(
            decimal_string(net_assets * share_unit * WAD // (vault.total_supply * 10**decimals), WAD_DECIMALS)
            if priced and vault.total_supply
            else None
        ),
        idle=assets(vault.idle_assets),
        locked=assets(vault.locked),
        utilisation=vault.locked / net_assets if priced and net_assets > 0 else None,
        short_vega=decimal_string(vault.short_vega, WAD_DECIMALS),
        pending_assets=assets(vault.pending_assets),
        pending_shares=decimal_string(vault.pending_shares, vault.decimals),
        claimable_assets=assets(vault.claimable_assets),
        claimable_shares=decimal_string(vault.claimable_shares, vault.decimals),
        premium_collected=assets(vault.premium_bought - vault.premium_sold),
        notice_seconds=int(vault.params["noticeSeconds"]) if vault.params else None,
        open_series=[
            OpenSeries(
                name=series.name,
                series_id=str(series.series_id),
                amount=decimal_string(amount, WAD_DECIMALS),
                locked=assets(locked_for(series, amount, decimals)),
                mark=assets(marks.mid) if known else None,
            )
            for series, amount, marks, known in legs
        ],
    )


async def list_requests(reader: Reader, vault: str | None, account: str | None) -> LpRequests:
    """Requests of a vault or an account, newest first."""
    return LpRequests(block=await reader.head(), requests=await requests_of(reader, vault, account))


async def requests_of(reader: Reader, vault: str | None, account: str | None) -> list[LpRequestView]:
    """Requests with what of them waits, is ready to claim, or is done."""
    chain_id = reader.chain_id
    query = select(LpRequest).where(LpRequest.chain_id == chain_id)
    if vault is not None:
        query = query.where(LpRequest.vault == vault)
    if account is not None:
        query = query.where(LpRequest.controller == account)
    rows = await reader.all(
        query.order_by(LpRequest.requested_block.desc(), LpRequest.request_id.desc()).limit(REQUESTS_SHOWN)
    )
    vaults = {row.address: row for row in await reader.all(select(Vault).where(Vault.chain_id == chain_id))}
    claims = {
        (row.vault, row.controller): row
        for row in await reader.all(select(VaultClaim).where(VaultClaim.chain_id == chain_id))
    }
    return [_request(row, vaults[row.vault], claims.get((row.vault, row.controller))) for row in rows]


def _request(row: LpRequest, vault: Vault, claim: VaultClaim | None) -> LpRequestView:
    deposit = row.kind == "deposit"
    open_claim = 0 if claim is None else claim.deposit_assets if deposit else claim.redeem_assets
    # The contract pools what a controller can claim; a processed request with nothing left in the pool was claimed.
    status = "claimed" if row.status == "processed" and open_claim == 0 else row.status
    assets = row.requested if deposit else row.received
    shares = row.received if deposit else row.requested
    notice = int(vault.params["noticeSeconds"]) if vault.params else 0
    return LpRequestView.model_validate(
        {
            "vault": row.vault,
            "kind": row.kind,
            "request_id": str(row.request_id),
            "controller": row.controller,
            "owner": row.owner,
            "assets": decimal_string(assets, vault.asset_decimals) if assets or deposit else None,
            "shares": decimal_string(shares, vault.decimals) if shares or not deposit else None,
            "claimable": decimal_string(open_claim, vault.asset_decimals),
            "status": status,
            "requested_at": row.requested_at,
            "ready_at": row.requested_at + notice if row.status == "pending" else None,
        }
    )
