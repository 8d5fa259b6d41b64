"""`/v1/contracts`: addresses that a wallet or a bot needs."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.contracts.schemas import ContractPlace, Deployment, TokenPlace, VaultPlace
from api.errors import Unavailable
from optionix.chain import deployment
from optionix.chain.networks import network
from optionix.errors import UserError

router = APIRouter(tags=["contracts"])


@router.get("/contracts")
async def get_contracts(request: Request) -> Deployment:
    """The deployment of the network that this API speaks for."""
    settings = request.app.state.settings
    try:
        found = deployment.load(settings.network, settings)
    except UserError as error:
        raise Unavailable(f"The deployment is not known yet: {error}") from None
    return Deployment(
        network=found.network,
        chain_id=found.chain_id,
        real_time=network(settings.network).real_time,
        contracts={name: ContractPlace(address=place.address) for name, place in found.contracts.items()},
        vaults=[VaultPlace(address=each.address, market=each.market, side=each.side) for each in found.vaults],
        tokens=[TokenPlace(symbol=each.symbol, address=each.address, decimals=each.decimals) for each in found.tokens],
    )
