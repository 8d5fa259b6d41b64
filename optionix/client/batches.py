"""Several things at once: calls in one transaction, books settled and holders redeemed for in batches, permits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from eth_account.messages import encode_typed_data

from optionix.chain.abi import load_abi
from optionix.chain.transactions import Receipt
from optionix.client.connection import Connection
from optionix.client.values import Number, units
from optionix.instruments import Series

PERMIT_SECONDS = 3600
"""How long a permit may be used, market time."""
HOUSE = "Clearinghouse"


class Batches(Connection):
    """The Clearinghouse's permits, `multicall` and batch forms."""

    def deposit_with_permit(self, token: str, amount: Number, *, deadline: int | None = None) -> Receipt:
        """Deposit a token that knows ERC-2612 in one transaction, without an allowance given before.

        Parameters
        ----------
        deadline : market time until which the permit can be used; an hour from now when absent.
        """
        entry = self.deployment.token(token)
        assets = units(amount, entry.decimals)
        until = self.head().timestamp + PERMIT_SECONDS if deadline is None else deadline
        spender = self.deployment.address(HOUSE)
        domain = self.read_at("TestToken", entry.address, "eip712Domain")
        permit = {
            "owner": self.address,
            "spender": spender,
            "value": assets,
            "nonce": self.read_at("TestToken", entry.address, "nonces", self.address),
            "deadline": until,
        }
        _, name, version, chain_id, contract, _, _ = domain
        signed = self.account.sign_message(
            encode_typed_data(
                {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract},
                {
                    "Permit": [
                        {"name": field, "type": "address" if field in ("owner", "spender") else "uint256"}
                        for field in permit
                    ]
                },
                permit,
            )
        )
        r, s = (number.to_bytes(32, "big") for number in (signed.r, signed.s))
        return self.transact(HOUSE, "depositWithPermit", entry.address, assets, until, signed.v, r, s)

    def multicall(self, calls: Sequence[tuple[str, tuple[Any, ...]]], *, value: int = 0) -> Receipt:
        """Calls of the Clearinghouse in one transaction, all or none, for the own account.

        Parameters
        ----------
        calls : functions with their arguments.
        value : wei that become free balance in the wrapped native token before the first call.
        """
        abi = load_abi(HOUSE)
        data = [bytes.fromhex(abi.encode(function, *args)[2:]) for function, args in calls]
        return self.transact(HOUSE, "multicall", data, value=value)

    def deposit_native(self, wei: int) -> Receipt:
        """Wrap native coin into the own free balance."""
        return self.multicall([], value=wei)

    def settle_many(self, items: Iterable[tuple[str, Series | str | int]]) -> Receipt:
        """Settle legs and books of a settled expiry, anybody's; what is done already is skipped.

        Parameters
        ----------
        items : accounts, each with the series of a plain book's leg, or with a series id whose strike is zero for the
            account's netted book.
        """
        return self.transact(HOUSE, "settleMany", self._items(items))

    def redeem_many(self, items: Iterable[tuple[str, Series | str | int]]) -> Receipt:
        """Redeem holders' whole balances of settled series to their free balances; who has none is skipped."""
        return self.transact(HOUSE, "redeemMany", self._items(items))

    def _items(self, items: Iterable[tuple[str, Series | str | int]]) -> list[tuple[str, int]]:
        return [(account, series if isinstance(series, int) else self.series(series).id) for account, series in items]
