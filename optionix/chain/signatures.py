"""Whose signature it is: a key's, or one that an ERC-1271 account takes."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_account import Account
from eth_keys.exceptions import BadSignature as MalformedSignature
from eth_utils.crypto import keccak

from optionix.chain.errors import RpcError
from optionix.chain.rpc import Rpc

_IS_VALID_SIGNATURE = keccak(text="isValidSignature(bytes32,bytes)")[:4]
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""A signature's s above this is the second form of another one: only the first is taken."""
_SPARE_GAS = 100_000
"""Beside the call itself, its data are paid for."""


def is_signed_by_key(account: str, digest: bytes, signature: bytes) -> bool:
    """Whether the account's own key made the signature: 65 bytes, v 27 or 28, s in its lower half."""
    return _signer(digest, signature) == account.lower()


async def takes_signature(rpc: Rpc, account: str, digest: bytes, signature: bytes, *, asker: str, gas: int) -> bool:
    """Whether an account with code takes a signature at the head (ERC-1271), asked by `asker` with so much gas.

    Raises
    ------
    RpcUnavailable
        When the endpoint cannot be asked: no answer is not a refusal.
    """
    code = await rpc.call("eth_getCode", account, "latest")
    if len(code) <= 2:
        return False
    question = _IS_VALID_SIGNATURE + encode(["bytes32", "bytes"], [digest, signature])
    call = {"from": asker, "to": account, "data": "0x" + question.hex(), "gas": hex(gas + _SPARE_GAS)}
    try:
        answer = await rpc.call("eth_call", call, "latest")
    except RpcError:
        return False
    return bytes.fromhex(answer[2:]) == _IS_VALID_SIGNATURE.ljust(32, b"\0")


def _signer(digest: bytes, signature: bytes) -> str | None:
    """Whose key made a signature, lower case; None where it is in no form that is taken."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        return str(Account._recover_hash(digest, signature=signature)).lower()
    except (MalformedSignature, ValueError):
        return None
