"""Trading with the vaults: quotes, buying, selling back."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from optionix.chain.abi import load_abi
from optionix.client.connection import Connection
from optionix.client.values import Block, Funds, Number, Quote, Trade, contracts, units
from optionix.instruments import Series

DEADLINE_SECONDS = 3600
"""How long a trade may wait for its block, in the chain's own time (a replayed hour passes in seconds)."""
SLIPPAGE = Decimal("0.02")
"""How much worse than the quote a trade may become when no limit is given."""


class Trading(Connection):
    """Quotes and trades."""

    def quote(self, series: Series | str, amount: Number, side: Literal["buy", "sell"] = "buy") -> Quote:
        """What the vault asks or bids for `amount` contracts now.

        Raises
        ------
        Reverted
            With the vault's own refusal: stale slice, delta outside the band, too little free collateral and so on.
        """
        wanted, size = self.series(series), contracts(amount)
        block = self.head()
        function = "quoteBuy" if side == "buy" else "quoteSell"
        found = self.read_at("OptionVault", self.vault_address(wanted), function, wanted.id, size)
        token = self.settlement_token(wanted)
        return Quote(
            series=wanted,
            side=side,
            amount=size,
            token=token.symbol,
            decimals=token.decimals,
            block=block,
            **{name: int(found[name]) for name in _QUOTE_FIELDS},
        )

    def buy(
        self,
        series: Series | str,
        amount: Number,
        *,
        limit: Number | None = None,
        slippage: Decimal = SLIPPAGE,
        funds: Funds = Funds.WALLET,
        receiver: str | None = None,
        deadline: int | None = None,
    ) -> Trade:
        """Buy from the vault.

        Parameters
        ----------
        amount : contracts.
        limit : most to pay in all, whole tokens; the quote and `slippage` when absent.
        funds : pay from the wallet (an allowance is given when missing) or from the free balance.
        deadline : market time; an hour from now when absent.
        """
        quote = self.quote(series, amount, "buy")
        worst = units(limit, quote.decimals) if limit is not None else _above(quote.total, slippage)
        vault = self.vault_address(quote.series)
        if funds is Funds.WALLET:
            self.approve(self.settlement_token(quote.series), vault, worst)
        else:
            self.allow_trading(vault)
        until = self._deadline(quote.block, deadline)
        receipt = self.transact_at(
            "OptionVault",
            vault,
            "buy",
            quote.series.id,
            quote.amount,
            worst,
            receiver or self.address,
            until,
            int(funds),
        )
        (event,) = receipt.events(load_abi("OptionVault"), "Bought", vault)
        return Trade(quote.series, "buy", quote.amount, event["premium"] + event["fee"], quote.token, receipt)

    def sell(
        self,
        series: Series | str,
        amount: Number,
        *,
        limit: Number | None = None,
        slippage: Decimal = SLIPPAGE,
        funds: Funds = Funds.WALLET,
        receiver: str | None = None,
        deadline: int | None = None,
    ) -> Trade:
        """Sell contracts back to the vault that wrote them.

        Parameters
        ----------
        limit : least to get in all, whole tokens; the quote less `slippage` when absent.
        """
        quote = self.quote(series, amount, "sell")
        worst = units(limit, quote.decimals) if limit is not None else _below(quote.total, slippage)
        vault = self.vault_address(quote.series)
        # The vault burns the seller's tokens against its own book.
        self.allow_trading(vault)
        until = self._deadline(quote.block, deadline)
        receipt = self.transact_at(
            "OptionVault",
            vault,
            "sell",
            quote.series.id,
            quote.amount,
            worst,
            receiver or self.address,
            until,
            int(funds),
        )
        (event,) = receipt.events(load_abi("OptionVault"), "SoldBack", vault)
        return Trade(quote.series, "sell", quote.amount, event["premium"], quote.token, receipt)

    def _deadline(self, block: Block, deadline: int | None) -> int:
        return block.timestamp + DEADLINE_SECONDS if deadline is None else deadline


_QUOTE_FIELDS = (
    *("mark", "spread", "skew", "use", "guard", "floor", "fee", "total"),
    *("spot", "volatility", "delta", "collateral"),
)


def _above(total: int, slippage: Decimal) -> int:
    return total + int(total * slippage) + 1


def _below(total: int, slippage: Decimal) -> int:
    return total - int(total * slippage)
