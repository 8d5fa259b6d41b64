"""What an account has at hand: free balances, and how much of each position the market's vault would take over now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.holdings import Holding, VaultRoom
from optionix.instruments import STRIKE_UNIT_WAD, Side
from optionix.pricing.payoff import WAD, scale_of


@dataclass(frozen=True)
class Closable:
    """A series as a whole, tokens and book together.

    Attributes
    ----------
    amount : contracts, WAD, negative where more is written than held.
    closable : contracts, WAD, that the vault could trade the other way: what it has written of the series for what is
        held, what its free collateral covers for what is written.
    open_interest : contracts of everybody, WAD.
    """

    series_id: int
    name: str
    amount: int
    closable: int
    open_interest: int


def closables(
    holdings: Sequence[Holding], rooms: Mapping[tuple[int, Side], VaultRoom], interest: Mapping[int, int]
) -> list[Closable]:
    """Of each series with an open position, by id.

    Parameters
    ----------
    rooms : by (market, side); without a vault nothing can be closed with one.
    interest : open interest by series id.
    """
    net: dict[int, int] = {}
    named: dict[int, Holding] = {}
    for holding in holdings:
        net[holding.series_id] = net.get(holding.series_id, 0) + holding.amount
        named[holding.series_id] = holding
    found = []
    for series_id, amount in sorted(net.items()):
        holding = named[series_id]
        room = rooms.get((holding.market, Side(holding.side)))
        closable = 0 if room is None or room.paused else min(abs(amount), _capacity(room, holding, amount > 0))
        found.append(Closable(series_id, holding.name, amount, closable, interest.get(series_id, 0)))
    return found


def _capacity(room: VaultRoom, holding: Holding, held: bool) -> int:
    """Contracts that the vault can buy back (held) or write (written), WAD."""
    if held:
        return room.written.get(holding.series_id, 0)
    wad = room.idle * scale_of(room.decimals)
    return wad if Side(holding.side) is Side.CALL else wad * WAD // (holding.strike * STRIKE_UNIT_WAD)
