"""An order of the Exchange, and what of it is signed: its EIP-712 typed data and their hash.

The typed data are read from the committed ABI of `hashOrder`: a field that is added there is never left out here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from optionix.chain.abi import load_abi

DOMAIN_NAME, DOMAIN_VERSION = "Optionix Exchange", "1"
NOBODY = "0x" + "0" * 40
"""As an order's taker: anybody may fill it."""


class LimitKind(IntEnum):
    """What an order's limit limits, numbered as in the contract."""

    PREMIUM = 0
    VOLATILITY = 1


class Taker(IntEnum):
    """Who took an order, and paid the fee, numbered as in the contract's event."""

    NONE = 0
    BUYER = 1
    SELLER = 2


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order in the contract's units; see `contracts/interfaces/IExchange.sol`.

    Attributes
    ----------
    taker : who alone may fill it; `NOBODY` for anybody.
    series : id of the series.
    is_buy : whether the maker buys.
    use_book : the maker's book takes part: a seller writes what it does not hold, a buyer first closes what it wrote.
    premium_token : base or quote of the market.
    amount : contracts, WAD.
    limit : premium a contract (WAD of the premium token) or annual volatility (WAD).
    deadline : the last second in which it fills.
    min_premium, max_premium : bounds a contract, WAD; they and all that follow bind volatility orders alone.
    min_spot, max_spot : WAD.
    max_feed_age : seconds.
    stored_carry : whether the carry is that of the stored slice, within `min_carry` and `max_carry`; else it is
        `min_carry` itself (units of a slice, 1e-9).
    spot_edge : fraction (WAD) by which spot is moved against the taker.
    """

    maker: str
    series: int
    is_buy: bool
    premium_token: str
    amount: int
    limit: int
    deadline: int
    nonce: int
    taker: str = NOBODY
    use_book: bool = False
    kind: LimitKind = LimitKind.PREMIUM
    min_premium: int = 0
    max_premium: int = 0
    min_spot: int = 0
    max_spot: int = 0
    max_feed_age: int = 0
    stored_carry: bool = False
    min_carry: int = 0
    max_carry: int = 0
    spot_edge: int = 0

    def struct(self) -> dict[str, Any]:
        """The order as the contract's ABI has it."""
        values = {_camel(name): value for name, value in asdict(self).items()}
        return {entry["name"]: values[entry["name"]] for entry in _components()} | {"kind": int(self.kind)}


def typed_data(order: Order, chain_id: int, exchange: str) -> dict[str, Any]:
    """What a wallet shows and signs (`eth_signTypedData_v4`)."""
    return {
        "primaryType": "Order",
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": exchange,
        },
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Order": [{"name": entry["name"], "type": entry["type"]} for entry in _components()],
        },
        "message": order.struct(),
    }


def hash_order(order: Order, chain_id: int, exchange: str) -> bytes:
    """The EIP-712 digest, as `Exchange.hashOrder` gives it."""
    message = encode_typed_data(full_message=typed_data(order, chain_id, exchange))
    return keccak(b"\x19" + message.version + message.header + message.body)


@cache
def _components() -> tuple[dict[str, Any], ...]:
    """The fields of an order by the contract's ABI, in their order."""
    (order,) = load_abi("Exchange").function("hashOrder").inputs
    return tuple(order["components"])


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
