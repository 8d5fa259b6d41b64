"""What the Router's actions show: what is traded, within which limit, what is paid and what comes back."""

from __future__ import annotations

from optionix.clear_signing.exchange import traded
from optionix.clear_signing.fields import (
    Action,
    Field,
    account,
    action,
    contracts,
    date,
    flag,
    hidden,
    raw,
    series,
    token,
    tokens,
)


def _swap(prefix: str, output_token: str) -> tuple[Field, ...]:
    """A swap shows who is called and the least that comes out; what it is called with says nothing to a person."""
    return (
        account(f"{prefix}target", "Swapped at"),
        hidden(f"{prefix}data", "Call of the swap"),
        tokens(f"{prefix}minOutput", "Swap gives at least", output_token)
        if output_token
        else raw(f"{prefix}minOutput", "Swap gives at least, units"),
    )


def _payment(output_token: str) -> tuple[Field, ...]:
    return (
        tokens("payment.assets", "You pay at most", "payment.token"),
        flag("payment.fromFreeBalance", "From your free balance"),
        hidden("payment.permit.deadline", "Permit valid until"),
        hidden("payment.permit.v", "Signature"),
        hidden("payment.permit.r", "Signature"),
        hidden("payment.permit.s", "Signature"),
        *_swap("payment.swap.", output_token),
    )


def _payout(prefix: str, label: str) -> tuple[Field, ...]:
    return (
        token(f"{prefix}token", label),
        flag(f"{prefix}toFreeBalance", "Into your free balance"),
        *_swap(f"{prefix}swap.", f"{prefix}token"),
    )


def _trade(limit: str) -> tuple[Field, ...]:
    """The limit is in the series' settlement asset, which no parameter names: it is shown in the asset's units."""
    return (
        contracts("trade.amount", "Contracts"),
        *series("trade.series"),
        raw("trade.limit", limit),
        account("trade.vault", "Vault"),
        date("trade.deadline", "Valid until"),
        hidden("trade.gasPerOrder", "Gas for each order"),
        *traded("orders.[].order."),
        hidden("orders.[].signature", "Makers' signatures"),
    )


ROUTER: dict[str, Action] = {
    "deposit": action("Deposit into your free balance", *_payment("asset")),
    "buyBest": action(
        "Buy options at the best price",
        *_trade("Costs at most (units of the asset)"),
        *_payment(""),
        *_payout("rest.", "The rest comes back as"),
    ),
    "sellBest": action(
        "Sell options at the best price",
        *_trade("Brings at least (units of the asset)"),
        *_payout("payout.", "Paid as"),
    ),
}
