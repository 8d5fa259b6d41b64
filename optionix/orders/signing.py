"""Signing an order, and whether a signature is its maker's."""

from __future__ import annotations

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from optionix.chain.deployment import Deployment
from optionix.chain.rpc import Rpc
from optionix.chain.signatures import is_signed_by_key, takes_signature
from optionix.orders.order import Order, hash_order, typed_data

SIGNATURE_GAS = 400_000
"""Gas that the Exchange gives an ERC-1271 account (contracts/libraries/SignedOrder.sol)."""


def sign_order(order: Order, account: LocalAccount, deployment: Deployment) -> bytes:
    """The signature of the maker's key, or of the key that its contract account asks for."""
    full = typed_data(order, deployment.chain_id, deployment.address("Exchange"))
    return bytes(account.sign_message(encode_typed_data(full_message=full)).signature)


async def is_signed(rpc: Rpc, order: Order, signature: bytes, chain_id: int, exchange: str) -> bool:
    """Whether the Exchange would take this signature at the head: by the maker's key, or by its ERC-1271 account.

    Raises
    ------
    RpcUnavailable
        When the endpoint cannot be asked: no answer is not a refusal.
    """
    digest = hash_order(order, chain_id, exchange)
    if is_signed_by_key(order.maker, digest, signature):
        return True
    return await takes_signature(rpc, order.maker, digest, signature, asker=exchange, gas=SIGNATURE_GAS)
