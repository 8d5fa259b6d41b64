"""Addresses that follow from creation code alone: CREATE2 through the deterministic deployment proxy.

The proxy stands at one address on nearly every chain, since its creating transaction was signed without a chain id by a
key that nobody holds. It creates whatever code it is sent, at an address made of its own, a salt and the code's hash.
"""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
PROXY_SIGNER = "0x3fAB184622Dc19b6109349B94811493BF2a45362"
PROXY_TRANSACTION = (
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222"
    "222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222"
)
PROXY_FUNDS = 10**16
"""What the signed transaction costs at most, wei: its price of gas is part of the signature."""
SALT = keccak(text="optionix")
"""One salt for all: the addresses differ by their code."""


def create2_address(init_code: bytes, salt: bytes = SALT) -> str:
    """Where the proxy creates this code, checksummed."""
    digest = keccak(b"\xff" + bytes.fromhex(PROXY[2:]) + salt + keccak(init_code))
    return str(to_checksum_address(digest[12:]))


def create2_data(init_code: bytes, salt: bytes = SALT) -> bytes:
    """What to send to the proxy."""
    return salt + init_code
