"""What the Exchange's actions show, and the order that a maker signs."""

from __future__ import annotations

from optionix.clear_signing.fields import (
    Action,
    Field,
    account,
    action,
    choice,
    contracts,
    date,
    flag,
    hidden,
    percent,
    price,
    raw,
    series,
    token,
    tokens,
)


def _order(prefix: str = "") -> tuple[Field, ...]:
    """An order's fields; all of what binds its maker is shown."""
    return (
        account(f"{prefix}maker", "Maker"),
        account(f"{prefix}taker", "Only filled by"),
        flag(f"{prefix}isBuy", "Maker buys"),
        contracts(f"{prefix}amount", "Contracts"),
        *series(f"{prefix}series"),
        choice(f"{prefix}kind", "Limit is", "limitKind"),
        Field(f"{prefix}limit", "Limit", "unit", {"base": "", "decimals": 18}),
        token(f"{prefix}premiumToken", "Premium in"),
        flag(f"{prefix}useBook", "Maker writes or closes"),
        date(f"{prefix}deadline", "Valid until"),
        raw(f"{prefix}nonce", "Nonce"),
        Field(f"{prefix}minPremium", "Least premium a contract", "unit", {"base": "", "decimals": 18}),
        Field(f"{prefix}maxPremium", "Most premium a contract", "unit", {"base": "", "decimals": 18}),
        price(f"{prefix}minSpot", "Least spot"),
        price(f"{prefix}maxSpot", "Most spot"),
        Field(f"{prefix}maxFeedAge", "Oldest price", "duration"),
        flag(f"{prefix}storedCarry", "Carry of the stored slice"),
        percent(f"{prefix}minCarry", "Least carry a year", 7),
        percent(f"{prefix}maxCarry", "Most carry a year", 7),
        percent(f"{prefix}spotEdge", "Edge on spot"),
    )


def traded(prefix: str) -> tuple[Field, ...]:
    """What a filler needs of somebody else's signed order; the rest binds the maker alone."""
    shown = {"maker", "isBuy", "kind", "limit", "premiumToken", "deadline"}
    fields: list[Field] = []
    for field in _order(prefix):
        name = field.path.removeprefix(prefix)
        keep = name in shown or name.startswith("series")
        fields.append(field if keep else hidden(field.path, field.label))
    return tuple(fields)


def _take(prefix: str, premium_token: str) -> tuple[Field, ...]:
    return (
        contracts(f"{prefix}amount", "Contracts"),
        contracts(f"{prefix}minAmount", "At least"),
        tokens(f"{prefix}limit", "Pay at most, or get at least", premium_token),
        account(f"{prefix}receiver", "Goes to"),
        flag(f"{prefix}useBook", "You write or close"),
    )


EXCHANGE: dict[str, Action] = {
    "fill": action(
        "Fill a signed order",
        _take("take.", "order.premiumToken"),
        traded("order."),
        hidden("signature", "Maker's signature"),
    ),
    "fillMany": action(
        "Fill several signed orders",
        _take("items.[].take.", "items.[].order.premiumToken"),
        traded("items.[].order."),
        hidden("items.[].signature", "Makers' signatures"),
        hidden("gasPerItem", "Gas for each"),
    ),
    "matchOrders": action(
        "Match two signed orders",
        contracts("amount", "Contracts at most"),
        traded("buyOrder."),
        hidden("buySignature", "Buyer's signature"),
        traded("sellOrder."),
        hidden("sellSignature", "Seller's signature"),
    ),
    "cancel": action("Cancel your order", raw("nonce", "Nonce")),
    "cancelBelow": action("Cancel all your orders below a nonce", raw("floor", "Nonces below")),
}

ORDER = action("Sign an order for options", _order())
"""The message that a maker signs, EIP-712 primary type `Order`."""
