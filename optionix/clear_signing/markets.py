"""What settlement, checkpoints and volatility reports show."""

from __future__ import annotations

from optionix.clear_signing.fields import Action, action, date, hidden, percent, raw

MARKETS: dict[str, Action] = {
    "checkpoint": action("Keep the present spot", raw("id", "Market"), date("expiry", "Expiry")),
    "checkpointTerms": action("Keep the present spot", raw("id", "Market"), date("expiry", "Expiry")),
    "settle": action(
        "Settle an expiry at its average", raw("id", "Market"), date("expiry", "Expiry"), raw("lastRoundId", "Round")
    ),
    "settleAtLastRound": action(
        "Settle an expiry at its last round", raw("id", "Market"), date("expiry", "Expiry"), raw("lastRoundId", "Round")
    ),
    "settleAtCheckpoint": action(
        "Settle an expiry at its last checkpoint", raw("id", "Market"), date("expiry", "Expiry")
    ),
}

ORACLE: dict[str, Action] = {
    "halt": action("Halt vault trades of an expiry", raw("market", "Market"), date("expiry", "Expiry")),
    "post": action(
        "Post a signed volatility report",
        raw("report.market", "Market"),
        date("report.timestamp", "Reported at"),
        date("report.slices.[].expiry", "Expiry"),
        percent("report.slices.[].theta", "At-the-money total variance", 14),
        hidden("report.slices.[].phi", "Curvature"),
        hidden("report.slices.[].rho", "Correlation"),
        percent("report.slices.[].carry", "Carry a year", 7),
        hidden("signatures.[]", "Signatures"),
    ),
}

REPORT = action(
    "Sign a volatility report",
    raw("market", "Market"),
    date("timestamp", "Reported at"),
    date("slices.[].expiry", "Expiry"),
    percent("slices.[].theta", "At-the-money total variance", 14),
    raw("slices.[].phi", "Curvature (1e-15)"),
    raw("slices.[].rho", "Correlation (1e-12)"),
    percent("slices.[].carry", "Carry a year", 7),
)
"""The message that signers sign, EIP-712 primary type `SurfaceReport`."""

PRICER: dict[str, Action] = {
    "noteOutage": action(
        "Note whether the feed of an expiry can be read", raw("market", "Market"), date("expiry", "Expiry")
    ),
}
