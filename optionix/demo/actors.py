"""People with fresh keys, so that the demonstration can be played on one chain again and again."""

from __future__ import annotations

from eth_account import Account

from optionix.client import Client
from optionix.client.values import units
from optionix.settings import Settings

ETHER_WEI = 10**20


class Actor:
    """One person with a wallet.

    Parameters
    ----------
    name : what the demonstration calls them.
    settings : where the local stack listens.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.client = Client("local", key=Account.create(), settings=settings)
        self.client.rpc.call("anvil_setBalance", self.address, hex(ETHER_WEI))

    @property
    def address(self) -> str:
        """The wallet's address."""
        return self.client.address

    def get_tokens(self, symbol: str, amount: str) -> None:
        """Mints test tokens to the wallet, as anybody may on a local chain."""
        token = self.client.deployment.token(symbol)
        self.client.transact_at("TestToken", token.address, "mint", self.address, units(amount, token.decimals))

    def close(self) -> None:
        """Closes the connection."""
        self.client.close()
