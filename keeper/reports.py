"""Surface reports as the volatility oracle takes them: EIP-712 typed data and signatures in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keeper.signers import Signer, TypedData
from optionix.chain.abi import load_abi
from optionix.pricing.ssvi import PackedSlice

_TYPES = {
    "SurfaceReport": [
        {"name": "market", "type": "uint16"},
        {"name": "timestamp", "type": "uint40"},
        {"name": "slices", "type": "SliceReport[]"},
    ],
    "SliceReport": [
        {"name": "expiry", "type": "uint40"},
        {"name": "theta", "type": "uint64"},
        {"name": "phi", "type": "uint64"},
        {"name": "rho", "type": "int48"},
        {"name": "carry", "type": "int40"},
    ],
}


def report_of(market: int, timestamp: int, slices: Mapping[int, PackedSlice]) -> dict[str, Any]:
    """A report of slices by expiry, in the contract's field names and order."""
    return {
        "market": market,
        "timestamp": timestamp,
        "slices": [
            {"expiry": expiry, "theta": entry.theta, "phi": entry.phi, "rho": entry.rho, "carry": entry.carry}
            for expiry, entry in sorted(slices.items())
        ],
    }


def typed_report(report: Mapping[str, Any], oracle: str, chain_id: int) -> TypedData:
    """What a signer of a report signs."""
    domain = {
        "name": "Optionix VolatilityOracle",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": oracle,
    }
    return TypedData(domain, _TYPES, "SurfaceReport", report)


async def sign_report(report: Mapping[str, Any], oracle: str, chain_id: int, signers: Sequence[Signer]) -> list[bytes]:
    """Signatures of a report in ascending order of their signers' addresses."""
    data = typed_report(report, oracle, chain_id)
    ordered = sorted(signers, key=lambda signer: int(signer.address, 16))
    return [await signer.typed_data(data) for signer in ordered]


def post_call(report: Mapping[str, Any], signatures: Sequence[bytes]) -> str:
    """Call data that posts a signed report."""
    return load_abi("VolatilityOracle").encode("post", report, list(signatures))
