"""What the Clearinghouse's and the option token's actions show."""

from __future__ import annotations

from optionix.clear_signing.fields import (
    CALLED,
    OPTION_TOKEN,
    Action,
    Field,
    account,
    action,
    book,
    choice,
    contracts,
    flag,
    hidden,
    raw,
    series,
    tokens,
)
from optionix.clear_signing.fields import date as date_of

CLEARINGHOUSE: dict[str, Action] = {
    "multicall": action(
        "Several actions at once",
        Field("@.value", "Wrapped and deposited", "amount"),
        Field("calls.[]", "Action", "calldata", {"calleePath": CALLED}),
    ),
    "deposit": action("Deposit into your free balance", tokens("assets", "Amount", "token")),
    "depositWithPermit": action(
        "Deposit into your free balance, with a permit",
        tokens("assets", "Amount", "token"),
        date_of("deadline", "Permit valid until"),
        hidden("v", "Signature"),
        hidden("r", "Signature"),
        hidden("s", "Signature"),
    ),
    "withdraw": action(
        "Withdraw from your free balance", tokens("assets", "Amount", "token"), account("receiver", "To")
    ),
    "withdrawFor": action(
        "Withdraw an owner's free balance to that owner",
        account("account", "Owner"),
        tokens("assets", "Amount", "token"),
    ),
    "pay": action(
        "Pay from a free balance to another",
        account("from", "From"),
        account("to", "To"),
        tokens("assets", "Amount", "token"),
    ),
    "write": action(
        "Write options: collateral is locked",
        account("account", "Writer"),
        contracts("amount"),
        series("series"),
        account("receiver", "Options go to"),
    ),
    "close": action(
        "Close written options: collateral is released",
        account("account", "Writer"),
        contracts("amount"),
        series("series"),
        account("holder", "Options burned from"),
    ),
    "net": action("Net a book", account("account", "Account"), book("key"), raw("strikes.[]", "Strikes (1e-8)")),
    "place": action(
        "Place options into a netted book", account("account", "Account"), contracts("amount"), series("series")
    ),
    "takeBack": action(
        "Take options back out of a netted book",
        account("account", "Account"),
        contracts("amount"),
        series("series"),
        account("receiver", "Options go to"),
    ),
    "settleLeg": action("Settle a written option", account("account", "Writer"), series("series")),
    "settleBook": action("Settle a netted book", account("account", "Account"), book("key")),
    "settleMany": action(
        "Settle many books",
        account("items.[].account", "Account"),
        Field("items.[].series", "Option", "nftName", {"collection": OPTION_TOKEN}),
    ),
    "redeem": action(
        "Redeem settled options", contracts("amount"), series("series"), account("receiver", "Payoff goes to")
    ),
    "redeemFor": action("Redeem all of a holder's settled options", account("holder", "Holder"), series("series")),
    "redeemMany": action(
        "Redeem settled options of many holders",
        account("items.[].account", "Holder"),
        Field("items.[].series", "Option", "nftName", {"collection": OPTION_TOKEN}),
    ),
    "setOperator": action(
        "Let an operator act on your account", account("operator", "Operator"), choice("flags", "May", "operatorFlags")
    ),
    "setRedeemFor": action("Let anybody redeem for this account", flag("allowed", "Allowed")),
    "accrueFee": action("Pay a trading fee", raw("assets", "Units of the settlement asset"), book("key")),
    "accrueFeeFor": action(
        "Pay a trading fee for another account",
        account("payer", "Payer"),
        raw("assets", "Units of the settlement asset"),
        book("key"),
    ),
    "collectFees": action("Collect the fees of an expiry", book("key")),
}

OPTION_TOKEN_ACTIONS: dict[str, Action] = {
    "setApprovalForAll": action(
        "Let an operator move all your options", account("operator", "Operator"), flag("approved", "Allowed")
    ),
    "safeTransferFrom": action(
        "Send options",
        account("from", "From"),
        account("to", "To"),
        contracts("value"),
        series("id"),
        hidden("data", "Data"),
    ),
    "safeBatchTransferFrom": action(
        "Send several options",
        account("from", "From"),
        account("to", "To"),
        contracts("values.[]"),
        Field("ids.[]", "Option", "nftName", {"collection": OPTION_TOKEN}),
        hidden("data", "Data"),
    ),
    "announce": action("Announce an option's present metadata", series("id")),
}
