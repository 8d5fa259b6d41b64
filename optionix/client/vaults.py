"""Liquidity: requests to the vaults, claims, and what a vault is worth."""

from __future__ import annotations

from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted
from optionix.chain.transactions import Receipt
from optionix.client.connection import Connection
from optionix.client.values import Number, VaultState, units
from optionix.instruments import Side

ABI = "OptionVault"


class Vaults(Connection):
    """ERC-7540 requests and claims. A vault is named by its address or as `ETH-C`, `BTC-P`."""

    def request_deposit(self, vault: str, amount: Number) -> int:
        """Ask a vault to take assets from the wallet, whole tokens; the request's id."""
        address = self.vault_address(vault)
        state = self.deployment.token(self.read_at(ABI, address, "asset"))
        assets = units(amount, state.decimals)
        self.approve(state, address, assets)
        receipt = self.transact_at(ABI, address, "requestDeposit", assets, self.address, self.address)
        return self._request_id(receipt, "DepositRequest", address)

    def request_redeem(self, vault: str, shares: int | None = None) -> int:
        """Ask a vault to take shares back (their own units; all of the wallet's when absent); the request's id."""
        address = self.vault_address(vault)
        amount = self.share_balance(vault) if shares is None else shares
        receipt = self.transact_at(ABI, address, "requestRedeem", amount, self.address, self.address)
        return self._request_id(receipt, "RedeemRequest", address)

    def cancel_deposit(self, vault: str, request_id: int) -> Receipt:
        """Take a waiting deposit back."""
        return self.transact_at(ABI, self.vault_address(vault), "cancelDeposit", request_id)

    def cancel_redeem(self, vault: str, request_id: int) -> Receipt:
        """Take a waiting redemption's shares back."""
        return self.transact_at(ABI, self.vault_address(vault), "cancelRedeem", request_id)

    def process(self, vault: str, most: int = 16) -> Receipt:
        """Process requests whose notice is over; anybody may."""
        return self.transact_at(ABI, self.vault_address(vault), "process", most)

    def claim(self, vault: str) -> list[Receipt]:
        """Claim everything that was processed: shares of deposits, assets of redemptions, to the wallet."""
        address, receipts = self.vault_address(vault), []
        shares = self.read_at(ABI, address, "maxMint", self.address)
        if shares:
            claim = "mint(uint256,address,address)"
            receipts.append(self.transact_at(ABI, address, claim, shares, self.address, self.address))
        shares = self.read_at(ABI, address, "maxRedeem", self.address)
        if shares:
            receipts.append(self.transact_at(ABI, address, "redeem", shares, self.address, self.address))
        return receipts

    def share_balance(self, vault: str, account: str | None = None) -> int:
        """Shares in a wallet, in their own units."""
        return int(self.read_at(ABI, self.vault_address(vault), "balanceOf", account or self.address))

    def vault(self, vault: str) -> VaultState:
        """A vault as it stands."""
        address = self.vault_address(vault)
        token = self.deployment.token(self.read_at(ABI, address, "asset"))
        queue = self.read_at(ABI, address, "queueTotals")
        try:
            entering, leaving = self.read_at(ABI, address, "netAssets")
        except Reverted:
            # Without a fresh slice for what it holds it has no value to show; everything else stands.
            entering = leaving = None
        return VaultState(
            address=address,
            market=self.read_at(ABI, address, "market"),
            side=Side(self.read_at(ABI, address, "side")).name,
            token=token.symbol,
            decimals=token.decimals,
            total_supply=self.read_at(ABI, address, "totalSupply"),
            idle=self.read_at(ABI, address, "idleAssets"),
            locked=self.read_at(ABI, address, "lockedAssets"),
            entering=entering,
            leaving=leaving,
            pending_assets=queue[0],
            pending_shares=queue[1],
            open_series=len(self.read_at(ABI, address, "openSeries")),
        )

    def vaults(self) -> list[VaultState]:
        """Every vault."""
        return [self.vault(entry.address) for entry in self.deployment.vaults]

    def _request_id(self, receipt: Receipt, event: str, address: str) -> int:
        (found,) = receipt.events(load_abi(ABI), event, address)
        return int(found["requestId"])
