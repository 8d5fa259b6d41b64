"""The contracts' parameters: what the networks file wants, what the chain has, and the calls in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.networks import WAD, Network
from optionix.chain.operator import Operator, read
from optionix.instruments import Side

Call = tuple[str, str, str]
"""A description, the contract to call, and the call data."""


def wad(value: Decimal) -> int:
    """A fraction or amount as WAD; it must be exact."""
    return _exact(value, WAD)


def token_units(value: Decimal, decimals: int) -> int:
    """Whole tokens as the token's own units; it must be exact."""
    return _exact(value, 10**decimals)


def _exact(value: Decimal, unit: int) -> int:
    scaled = value * unit
    if scaled != int(scaled):
        raise ValueError(f"{value} has more decimals than fit")
    return int(scaled)


def vault_params(network: Network, token: str, decimals: int) -> dict[str, Any]:
    """`IOptionVault.Params` of a vault whose asset is `token`."""
    params = network.protocol.vault
    return {
        "halfSpread": wad(params.half_spread),
        "halfSpreadPerDay": wad(params.half_spread_per_day),
        "skew": wad(params.skew),
        "use": wad(params.use),
        "minRate": wad(params.min_rate),
        "floor": wad(params.floor),
        "minAbsDelta": wad(params.min_abs_delta),
        "maxAbsDelta": wad(params.max_abs_delta),
        "maxUtilisation": wad(params.max_utilisation),
        "minAmount": wad(params.min_amount),
        "guardWindow": params.guard_window,
        "noticeSeconds": params.notice_seconds,
        "depositCap": token_units(network.protocol.deposit_caps[token], decimals),
        "minRequest": token_units(network.protocol.min_requests[token], decimals),
    }


def vault_fees(network: Network) -> dict[str, int]:
    """`IOptionVault.Fees`."""
    fees = network.protocol.fees
    return {
        "ofNotional": wad(fees.of_notional),
        "ofPremium": wad(fees.of_premium),
        "performance": wad(fees.performance),
    }


def parameter_calls(operator: Operator, network: Network, deployment: Deployment, treasury: str) -> list[Call]:
    """What is missing so that the contracts are set as the networks file says."""
    return [
        *_clearinghouse_calls(operator, network, deployment, treasury),
        *_oracle_calls(operator, network, deployment),
        *_vault_calls(operator, network, deployment),
    ]


def _clearinghouse_calls(operator: Operator, network: Network, deployment: Deployment, treasury: str) -> list[Call]:
    abi, address, calls = load_abi("Clearinghouse"), deployment.address("Clearinghouse"), []
    if read(operator.rpc, abi, address, "treasury") != treasury.lower():
        calls.append((f"treasury {treasury}", address, abi.encode("setTreasury", treasury)))
    for market in network.markets:
        for name in (market.base_token, market.quote_token):
            token = deployment.token(name)
            cap = token_units(network.protocol.bounty_caps[name], token.decimals)
            call = (f"bounty cap of {name}", address, abi.encode("setBountyCap", token.address, cap))
            if call not in calls and read(operator.rpc, abi, address, "bountyCap", token.address) != cap:
                calls.append(call)
    return calls


def _oracle_calls(operator: Operator, network: Network, deployment: Deployment) -> list[Call]:
    abi, address = load_abi("VolatilityOracle"), deployment.address("VolatilityOracle")
    bounds = network.protocol.oracle
    wanted = (bounds.heartbeat, wad(bounds.volatility_per_day), wad(bounds.carry_per_day), bounds.max_move_seconds)
    getters = ("heartbeat", "volatilityPerDay", "carryPerDay", "maxMoveSeconds")
    calls = []
    if tuple(read(operator.rpc, abi, address, name) for name in getters) != wanted:
        calls.append(("bounds of volatility reports", address, abi.encode("setBounds", *wanted)))
    for number, market in enumerate(network.markets, start=1):
        if market.anchor_volatility is None:
            continue
        anchor = wad(market.anchor_volatility)
        if read(operator.rpc, abi, address, "anchor", number) != anchor:
            calls.append((f"anchor of market {number}", address, abi.encode("setAnchor", number, anchor)))
    return calls


def _vault_calls(operator: Operator, network: Network, deployment: Deployment) -> list[Call]:
    abi, calls = load_abi("OptionVault"), []
    for vault in deployment.vaults:
        token = deployment.settlement_token(vault.market, Side[vault.side])
        params, fees = vault_params(network, token.symbol, token.decimals), vault_fees(network)
        what = f"vault {vault.market} {vault.side}"
        if read(operator.rpc, abi, vault.address, "params") != params:
            calls.append((f"parameters of {what}", vault.address, abi.encode("setParams", params)))
        if read(operator.rpc, abi, vault.address, "fees") != fees:
            calls.append((f"fees of {what}", vault.address, abi.encode("setFees", fees)))
    return calls
