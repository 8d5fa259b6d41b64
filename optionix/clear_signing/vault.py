"""What a vault's actions show. Its one asset is a constant of its document, and it is its own share token."""

from __future__ import annotations

from optionix.clear_signing.fields import (
    Action,
    account,
    action,
    assets,
    choice,
    contracts,
    date,
    flag,
    raw,
    series,
    shares,
)

VAULT: dict[str, Action] = {
    "buy": action(
        "Buy options from the vault",
        contracts("amount"),
        series("series"),
        assets("maxCost", "Pay at most"),
        choice("from", "Paid from", "funds"),
        account("receiver", "Options go to"),
        date("deadline", "Valid until"),
    ),
    "sell": action(
        "Sell options back to the vault",
        contracts("amount"),
        series("series"),
        assets("minProceeds", "Get at least"),
        choice("to", "Paid to", "funds"),
        account("receiver", "Proceeds go to"),
        date("deadline", "Valid until"),
    ),
    "requestDeposit": action(
        "Request a deposit into the vault",
        assets("assets", "Deposit"),
        account("owner", "Paid by"),
        account("controller", "Claimed by"),
    ),
    "requestRedeem": action(
        "Request a redemption of vault shares",
        shares("shares", "Redeem"),
        account("owner", "Shares of"),
        account("controller", "Claimed by"),
    ),
    "cancelDeposit": action("Cancel a deposit request", raw("requestId", "Request")),
    "cancelRedeem": action("Cancel a redemption request", raw("requestId", "Request")),
    "deposit(uint256,address)": action(
        "Claim shares of a processed deposit", assets("assets", "Deposited"), account("receiver", "Shares go to")
    ),
    "deposit(uint256,address,address)": action(
        "Claim shares of a processed deposit",
        assets("assets", "Deposited"),
        account("receiver", "Shares go to"),
        account("controller", "Deposit of"),
    ),
    "mint(uint256,address)": action(
        "Claim shares of a processed deposit", shares("shares", "Shares"), account("receiver", "Shares go to")
    ),
    "mint(uint256,address,address)": action(
        "Claim shares of a processed deposit",
        shares("shares", "Shares"),
        account("receiver", "Shares go to"),
        account("controller", "Deposit of"),
    ),
    "redeem": action(
        "Claim assets of a processed redemption",
        shares("shares", "Redeemed"),
        account("receiver", "Assets go to"),
        account("controller", "Redemption of"),
    ),
    "withdraw": action(
        "Claim assets of a processed redemption",
        assets("assets", "Assets"),
        account("receiver", "Assets go to"),
        account("controller", "Redemption of"),
    ),
    "process": action("Process waiting requests", raw("maxRequests", "At most")),
    "release": action("Settle the vault's own options", series("series")),
    "setOperator": action(
        "Let an operator request and claim for you",
        account("operator", "Operator"),
        flag("approved", "Allowed"),
    ),
    "approve": action("Let a spender move your vault shares", account("spender", "Spender"), shares("value", "Up to")),
    "transfer": action("Send vault shares", shares("value", "Amount"), account("to", "To")),
    "transferFrom": action(
        "Send an owner's vault shares", account("from", "From"), account("to", "To"), shares("value", "Amount")
    ),
}
