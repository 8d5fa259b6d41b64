"""Option series: the packed id of the contracts and the text form that traders read.

A series id is ``market << 112 | side << 104 | expiry << 64 | strike`` with the strike in units of 1e-8 quote per base
(``contracts/libraries/SeriesId.sol``). Its text form is ``ETH-27NOV26-3000-C``: base symbol, day without leading zero,
month, year, strike with ``d`` for a decimal point (``0d625``), C or P. Every expiry is at 08:00 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum

from optionix.errors import UserError

STRIKE_DECIMALS = 8
"""Decimals of a strike in an id."""
STRIKE_ONE = 100_000_000
"""A strike of one quote per base."""
STRIKE_UNIT_WAD = 10**10
"""One strike unit (1e-8 quote per base) in WAD."""
EXPIRY_HOUR = 8
"""Hour of the day (UTC) at which every option expires."""
DAY = 86_400

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SYMBOL = r"[A-Z][A-Z0-9]{0,15}"
_NAME = re.compile(
    rf"(?P<symbol>{_SYMBOL})-(?P<date>[^-]+)-(?P<strike>(?P<whole>0|[1-9][0-9]*)(?:d(?P<fraction>[0-9]*[1-9]))?)-(?P<side>[CP])"
)
_DATE = re.compile(rf"(?P<day>[1-9][0-9]?)(?P<month>{'|'.join(_MONTHS)})(?P<year>[0-9]{{2}})")
STRIKE_BITS = 64
"""A series id without its strike, so many bits, is the key of its books."""
_FIELD_LIMITS = {"market": 1 << 16, "expiry": 1 << 40, "strike": 1 << STRIKE_BITS}


class InstrumentError(UserError, ValueError):
    """A series id, name or part of one that cannot be."""


class Side(IntEnum):
    """Which way an option pays, numbered as in the contracts."""

    CALL = 0
    PUT = 1

    @property
    def letter(self) -> str:
        """`C` or `P`, as the text form ends."""
        return "C" if self is Side.CALL else "P"

    @classmethod
    def parse(cls, text: str) -> Side:
        """Read `C`, `CALL`, `P` or `PUT` in any case."""
        sides = {"C": cls.CALL, "CALL": cls.CALL, "P": cls.PUT, "PUT": cls.PUT}
        try:
            return sides[text.upper()]
        except KeyError:
            raise InstrumentError(f"{text!r} is not a side: use call or put") from None


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One option series; the order is that of the packed ids.

    Attributes
    ----------
    market : market id, 1 to 65535.
    side : call or put.
    expiry : seconds since 1970, at 08:00 UTC for anything that can be listed.
    strike : units of 1e-8 quote per base, above zero.
    """

    market: int
    side: Side
    expiry: int
    strike: int

    def __post_init__(self) -> None:
        for field, limit in _FIELD_LIMITS.items():
            value = getattr(self, field)
            if not 0 < value < limit:
                raise InstrumentError(f"{field} {value} is outside 1 to {limit - 1}")

    @property
    def id(self) -> int:
        """The packed id, as in the contracts."""
        return self.market << 112 | self.side << 104 | self.expiry << 64 | self.strike

    @property
    def book_key(self) -> int:
        """The id without its strike: with an account it names a book."""
        return self.id >> STRIKE_BITS

    @property
    def strike_wad(self) -> int:
        """Strike, quote per base in WAD."""
        return self.strike * STRIKE_UNIT_WAD

    @property
    def strike_decimal(self) -> Decimal:
        """Strike, quote per base, exact."""
        return Decimal(self.strike).scaleb(-STRIKE_DECIMALS)

    def name(self, symbol: str) -> str:
        """The text form; `symbol` is the base symbol of the market on screen (`ETH`, not `WETH`)."""
        if not re.fullmatch(_SYMBOL, symbol):
            raise InstrumentError(f"{symbol!r} is not a symbol: capitals and digits, beginning with a letter")
        return f"{symbol}-{format_expiry(self.expiry)}-{format_strike(self.strike)}-{self.side.letter}"

    @classmethod
    def from_id(cls, series_id: int) -> Series:
        """Unpack an id.

        Raises
        ------
        InstrumentError
            When bits above 128 are set, the side byte is above 1, or a field is zero.
        """
        if not 0 <= series_id < 1 << 128:
            raise InstrumentError(f"series id {series_id:#x} does not fit in 128 bits")
        side = series_id >> 104 & 0xFF
        if side > Side.PUT:
            raise InstrumentError(f"series id {series_id:#x} has side {side}: 0 is a call, 1 a put")
        return cls(series_id >> 112, Side(side), series_id >> 64 & (1 << 40) - 1, series_id & (1 << 64) - 1)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A parsed name: a series whose market is still a symbol."""

    symbol: str
    side: Side
    expiry: int
    strike: int

    def series(self, market: int) -> Series:
        """The series of this name in a market."""
        return Series(market, self.side, self.expiry, self.strike)


def pack_book_key(market: int, side: Side, expiry: int) -> int:
    """The key of a book: a series id without its strike."""
    return Series(market, side, expiry, 1).book_key


def split_book_key(key: int) -> tuple[int, Side, int]:
    """Market, side and expiry of a book key."""
    series = Series.from_id(key << STRIKE_BITS | 1)
    return series.market, series.side, series.expiry


def parse_name(text: str) -> Instrument:
    """Read a text form strictly: what `Series.name` would write, and nothing else.

    Raises
    ------
    InstrumentError
        Saying which part is wrong and how it is written.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InstrumentError(
            f"{text!r} is not an option: write SYMBOL-DATE-STRIKE-SIDE,"
            " such as ETH-27NOV26-3000-C or ETH-1DEC26-0d625-P"
        )
    strike = parse_strike(match["strike"])
    return Instrument(match["symbol"], Side.parse(match["side"]), parse_expiry(match["date"]), strike)


def parse_series(text: str, markets: Mapping[str, int]) -> Series:
    """Read a text form into a series, given the market id of each symbol.

    Raises
    ------
    InstrumentError
        For a name that is not well formed or a symbol without a market.
    """
    instrument = parse_name(text)
    if instrument.symbol not in markets:
        known = ", ".join(sorted(markets)) or "none"
        raise InstrumentError(f"{text!r}: there is no market {instrument.symbol} here (there is: {known})")
    return instrument.series(markets[instrument.symbol])


def format_expiry(expiry: int) -> str:
    """`27NOV26` for an expiry in seconds; it must be at 08:00 UTC in this century."""
    if not is_aligned(expiry):
        raise InstrumentError(f"expiry {expiry} is not at 08:00 UTC")
    moment = datetime.fromtimestamp(expiry, UTC)
    if not 2000 <= moment.year < 2100:
        raise InstrumentError(f"expiry {expiry} is in {moment.year}: a name has two digits for the year, 2000 to 2099")
    return f"{moment.day}{_MONTHS[moment.month - 1]}{moment.year % 100:02}"


def parse_expiry(text: str) -> int:
    """Seconds since 1970 of `27NOV26`, at 08:00 UTC."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise InstrumentError(f"{text!r} is not an expiry: write day without leading zero, month, year, such as 3NOV26")
    year, month, day = 2000 + int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"])
    try:
        return int(datetime(year, month, day, EXPIRY_HOUR, tzinfo=UTC).timestamp())
    except ValueError:
        raise InstrumentError(f"{text!r} is not a day of the calendar") from None


def format_strike(strike: int) -> str:
    """`3000`, `0d625`: a strike in units of 1e-8 with `d` for the decimal point and no trailing zeros."""
    whole, fraction = divmod(strike, STRIKE_ONE)
    if fraction == 0:
        return str(whole)
    return f"{whole}d{fraction:0{STRIKE_DECIMALS}}".rstrip("0")


def parse_strike(text: str) -> int:
    """Units of 1e-8 of `3000` or `0d625`."""
    match = re.fullmatch(r"(0|[1-9][0-9]*)(?:d([0-9]*[1-9]))?", text)
    if match is None:
        raise InstrumentError(
            f"{text!r} is not a strike: no leading or trailing zeros, `d` for the point, such as 0d625"
        )
    fraction = match[2] or ""
    if len(fraction) > STRIKE_DECIMALS:
        raise InstrumentError(f"strike {text!r} has more than {STRIKE_DECIMALS} decimals")
    strike = int(match[1]) * STRIKE_ONE + int(fraction.ljust(STRIKE_DECIMALS, "0") or "0")
    if not 0 < strike < _FIELD_LIMITS["strike"]:
        raise InstrumentError(f"strike {text!r} is outside 0d00000001 to {format_strike(_FIELD_LIMITS['strike'] - 1)}")
    return strike


def is_aligned(expiry: int) -> bool:
    """Whether a time is at 08:00 UTC, as every expiry must be."""
    return expiry % DAY == EXPIRY_HOUR * 3600
