"""Legs of portfolios as the command line has them: INSTRUMENT=AMOUNT."""

from __future__ import annotations

from optionix.errors import UserError


def split_leg(text: str) -> tuple[str, str]:
    """Instrument and amount; UserError where one is missing."""
    instrument, mark, amount = text.partition("=")
    if not mark or not instrument or not amount:
        raise UserError(f"{text!r} is not a leg.", "Write INSTRUMENT=AMOUNT, for example ETH-27NOV26-3000-C=-1.5.")
    return instrument, amount
