"""Gas of the formulas, and of the transactions that people and keepers send."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence

from bench.onchain import actions, maths
from bench.onchain.explain import by_kind
from optionix.benchmarks import Figure, Report
from optionix.errors import UserError

POINTS = 2_000
GOALS: dict[str, float] = {
    "price_call_put": 2_300,
    "price_error_of_strike": 1e-16,
    "cdf": 800,
    "vol_at_strike": 1_300,
    "mark_64_mid": 450_000,
    "mark_64_guarded": 900_000,
    "vault_buy_again": 130_000,
    "write": 120_000,
    "fill": 140_000,
    "close": 90_000,
    "redeem": 60_000,
    "post_surface": 65_000,
    "post_surface_batch8_each": 40_000,
}
"""protocol.md section 11."""
RECORDS = {
    "price_call_put": "best public code 4,142 (Derive), Lyra v1 13,204",
    "price_error_of_strike": "best public code 1.2e-16 (Derive)",
    "cdf": "best public code 872 (Derive)",
    "vol_at_strike": "best public code 4,864 (Derive, SVI)",
    "mark_64_mid": "one call, values and vegas, two expiries",
    "mark_64_guarded": "a vault's netAssets",
    "vault_buy_first": "a block's first trade, which marks the whole book",
    "vault_buy_again": "a block's second trade",
    "vault_sell": "a block's second trade",
    "write": "Valorem 170,342",
    "fill": "a part of an order at a premium, whose maker writes",
    "redeem": "the whole balance",
    "post_surface": "two of three signers, ten expiries open",
    "settle_price": "three rounds weighed",
}
"""The best public figures of protocol.md section 11 (solc 0.8.26), and what each transaction is."""
CONDITIONS = (
    "Formulas: solc of package.json, via-IR, 10,000,000 runs; a warm call less the same call to nothing, the median"
    " over points drawn from S/K 0.2 .. 5, an hour .. two years, 10 % .. 300 %; the error of call and put against 50"
    " digits.",
    "Transactions: the contracts as they ship, gas of the whole transaction (21,000, call data, execution) on a local"
    " chain; sixteen other series open, fees on, within the guard of a new report; the median of repeats by accounts"
    " that have done the same before.",
)
KEYS = (
    *("price_call_put", "price_error_of_strike", "cdf", "vol_at_strike", "mark_64_mid", "mark_64_guarded"),
    *("vault_buy_first", "vault_buy_again", "vault_sell", "write", "fill", "close", "redeem"),
    *("post_surface", "post_surface_batch8_each", "settle_price", "deposit_request", "claim"),
)


def measure(words: Sequence[str]) -> Report:
    """All figures; see `CONDITIONS`.

    Raises
    ------
    UserError
        The tools that tests need are not installed.
    """
    options = _options(words)
    if importlib.util.find_spec("mpmath") is None:
        raise UserError("The references need mpmath.", "Run `make setup`, which installs what tests need.")
    conditions = [*CONDITIONS, *(_shares() if options.explain else ())]
    formulas = maths.measure(options.points)
    sent = actions.measure()
    figures: dict[str, float] = {
        "price_call_put": formulas.price_call_put,
        "price_error_of_strike": formulas.price_error_of_strike,
        "cdf": formulas.cdf,
        "vol_at_strike": formulas.vol_at_strike,
        "mark_64_mid": formulas.mark_64_mid,
    }
    figures |= {name: sent.gas(name) for name in sent.names() if name in KEYS}
    beside: dict[str, float] = {
        "the dearest call and put": formulas.price_call_put_largest,
        "call, put, delta and vega": formulas.greeks,
        "mark from a slice": formulas.mark,
        **formulas.peers,
        **{name: sent.gas(name) for name in sent.names() if name not in KEYS},
    }
    return Report(
        figures=[Figure(name, figures[name], GOALS.get(name), note=_note(name, sent)) for name in KEYS],
        beside=[Figure(name, value) for name, value in beside.items()],
        conditions=conditions,
    )


def _note(name: str, sent: actions.Actions) -> str:
    parts = [RECORDS.get(name, "")]
    if name in sent.execution and name in GOALS:
        parts.append(f"execution alone {sent.execution[name]:,}")
    return "; ".join(part for part in parts if part)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="optionix bench gas")
    parser.add_argument("--points", type=int, default=POINTS, help=f"points for the formulas; {POINTS} when not given")
    parser.add_argument("--explain", action="store_true", help="say where the gas of each transaction goes")
    return parser.parse_args(words)


def _shares() -> list[str]:
    """A paragraph for each transaction: gas by what the chain charges for, then by contract too, the largest first."""
    lines = []
    for name, spent in actions.explained().items():
        whole = ", ".join(f"{kind} {gas:,}" for kind, gas in by_kind(spent).items() if gas)
        lines.append(f"{name}: {sum(spent.values()):,} = {whole}")
        lines += [f"    {gas:>8,}  {who}, {kind}" for (who, kind), gas in spent.most_common() if gas]
    return lines
