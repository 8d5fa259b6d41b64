"""Signing an order, and whether a signature is its maker's."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature as MalformedSignature
from eth_utils.crypto import keccak

from optionix.chain.deployment import Deployment
from optionix.chain.errors import RpcError
from optionix.chain.rpc import Rpc
from optionix.orders.order import Order, hash_order, typed_data

SIGNATURE_GAS = 400_000
"""Gas that the Exchange gives an ERC-1271 account (contracts/libraries/SignedOrder.sol)."""
_IS_VALID_SIGNATURE = keccak(text="isValidSignature(bytes32,bytes)")[:4]
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""A signature's s above this is the second form of another one: the Exchange refuses it."""


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
    code = await rpc.call("eth_getCode", order.maker, "latest")
    if len(code) <= 2:
        return False
    question = _IS_VALID_SIGNATURE + encode(["bytes32", "bytes"], [digest, signature])
    call = {
        "from": exchange,
        "to": order.maker,
        "data": "0x" + question.hex(),
        "gas": hex(SIGNATURE_GAS + 100_000),  # beside the call itself, its data are paid for
    }
    try:
        answer = await rpc.call("eth_call", call, "latest")
    except RpcError:
        return False
    return bytes.fromhex(answer[2:]) == _IS_VALID_SIGNATURE.ljust(32, b"\0")


def is_signed_by_key(maker: str, digest: bytes, signature: bytes) -> bool:
    """Whether the maker's own key made the signature, in the one form that the Exchange takes."""
    return _signer(digest, signature) == maker.lower()


def _signer(digest: bytes, signature: bytes) -> str | None:
    """Whose key made a signature, lower case; None where it is none that the contract takes."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        return str(Account._recover_hash(digest, signature=signature)).lower()
    except (MalformedSignature, ValueError):
        return None
