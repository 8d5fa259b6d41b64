"""Who signs: a key in this process, or a signer elsewhere behind the same few methods.

A remote signer is asked over JSON-RPC with the methods that nodes and key managers share (`eth_signTransaction`,
`eth_signTypedData_v4`). What it gives back is not believed: it has to be the transaction that was asked for, and its
signature has to be of the account that it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from optionix.chain.errors import ChainError
from optionix.chain.rpc import Rpc

_FIELDS = ("chainId", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value")


class WrongSignature(ChainError):
    """A signer gave something else than what it was asked for. Nothing of it is used."""


@dataclass(frozen=True)
class SignedTransaction:
    """A signed transaction, 0x text."""

    tx_hash: str
    raw: str


@dataclass(frozen=True)
class TypedData:
    """EIP-712 data: the domain, the types of its structs, and the message."""

    domain: Mapping[str, Any]
    types: Mapping[str, Any]
    primary: str
    message: Mapping[str, Any]

    @property
    def signable(self) -> SignableMessage:
        """What is signed."""
        return encode_typed_data(
            domain_data=dict(self.domain), message_types=dict(self.types), message_data=dict(self.message)
        )


class Signer(Protocol):
    """What signs for one account."""

    @property
    def address(self) -> str:
        """The account, checksummed."""

    async def transaction(self, body: Mapping[str, Any]) -> SignedTransaction:
        """Sign an EIP-1559 transaction, given as eth-account takes it; ChainError where it cannot be signed."""

    async def typed_data(self, data: TypedData) -> bytes:
        """The signature (65 bytes) of EIP-712 data; ChainError where it cannot be signed."""


class LocalSigner:
    """A key in this process."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """The account, checksummed."""
        return str(self._account.address)

    async def transaction(self, body: Mapping[str, Any]) -> SignedTransaction:
        """See `Signer`."""
        signed = self._account.sign_transaction(dict(body))
        return SignedTransaction(HexBytes(signed.hash).to_0x_hex(), HexBytes(signed.raw_transaction).to_0x_hex())

    async def typed_data(self, data: TypedData) -> bytes:
        """See `Signer`."""
        return bytes(self._account.sign_message(data.signable).signature)


class RemoteSigner:
    """A key somewhere else: a key manager, a hardware module, a node.

    Parameters
    ----------
    rpc : the signer's endpoint.
    address : the account that it signs for.
    """

    def __init__(self, rpc: Rpc, address: str) -> None:
        self._rpc = rpc
        self._address = to_checksum_address(address)

    @property
    def address(self) -> str:
        """The account, checksummed."""
        return str(self._address)

    async def transaction(self, body: Mapping[str, Any]) -> SignedTransaction:
        """See `Signer`."""
        wanted = {key: value if key in ("to", "data") else hex(int(value)) for key, value in body.items()}
        answer = await self._rpc.call("eth_signTransaction", {"from": self._address, **wanted})
        raw = HexBytes(answer["raw"] if isinstance(answer, dict) else answer)
        self._require_same(raw, body)
        return SignedTransaction(HexBytes(keccak(raw)).to_0x_hex(), raw.to_0x_hex())

    async def typed_data(self, data: TypedData) -> bytes:
        """See `Signer`."""
        asked = {
            "domain": dict(data.domain),
            "types": {"EIP712Domain": _domain_types(data.domain), **data.types},
            "primaryType": data.primary,
            "message": dict(data.message),
        }
        signature = bytes(HexBytes(await self._rpc.call("eth_signTypedData_v4", self._address, asked)))
        if Account.recover_message(data.signable, signature=signature) != self._address:
            raise WrongSignature(f"{self._rpc.name} did not sign as {self._address}")
        return signature

    def _require_same(self, raw: HexBytes, body: Mapping[str, Any]) -> None:
        try:
            given = TypedTransaction.from_bytes(raw).as_dict()
            sender = Account.recover_transaction(raw)
        except Exception as error:
            raise WrongSignature(f"{self._rpc.name} did not answer with a signed transaction") from error
        same = all(int(given[name]) == int(body[name]) for name in _FIELDS)
        same = same and all(HexBytes(given[name]) == HexBytes(body[name]) for name in ("to", "data"))
        if not same or given["accessList"] or sender != self._address:
            raise WrongSignature(f"{self._rpc.name} signed another transaction, or as another account")


def _domain_types(domain: Mapping[str, Any]) -> list[dict[str, str]]:
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    return [{"name": name, "type": kind} for name, kind in kinds.items() if name in domain]
