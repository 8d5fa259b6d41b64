"""Who and what there is in the traffic: accounts, series, what is held and owed as it goes on."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from bench.traffic.crowd import Crowd, address_of
from optionix.chain.transactions import local_account
from optionix.client import Funds
from optionix.instruments import DAY, Series, Side
from optionix.local.chain import FEED_OWNER, SIGNER, START, LocalChain
from optionix.orders import Order

EXPIRIES = tuple(START + days * DAY + 8 * 3600 for days in (0, 1, 4, 11, 25))
"""The first one settles while the traffic goes on."""
SPOTS = {1: 1550.0, 2: 22_000.0}
NEVER = 2**40 - 1
MOST = 2**128 - 1
FREE = int(Funds.FREE_BALANCE)
STEP = 10**14
"""What amounts are a multiple of."""
_MAKERS = range(10, 22)
"""Known accounts, which sign orders."""


@dataclass(frozen=True)
class Pace:
    """How much happens.

    Attributes
    ----------
    seconds : market time from one block to the next.
    strikes : on each side of each expiry of both markets.
    acts : of the crowd in one block.
    """

    accounts: int
    strikes: int
    acts: int
    seconds: int = 45


@dataclass
class Holding:
    """Contracts (WAD) of a series that an account got."""

    account: str
    series: int
    amount: int


class Scene:
    """What the acts of the crowd and the keepers share.

    Parameters
    ----------
    seed : of everything that is drawn.

    Attributes
    ----------
    held, bought, written : what holders have, by how they came by it: given, bought from a vault, written themselves.
    writers : who wrote what.
    orders : signed ones with how many eighths are left.
    netted : accounts and keys of netted books.
    to_settle : function and item of what is to be settled yet.
    """

    def __init__(self, chain: LocalChain, pace: Pace, seed: int) -> None:
        self.chain = chain
        self.pace = pace
        self.draw = random.Random(seed)
        self.crowd = Crowd(chain, pace.seconds)
        self.accounts = [address_of(f"trader {index}") for index in range(pace.accounts)]
        self.makers: list[LocalAccount] = [local_account(index) for index in _MAKERS]
        self.lenders = [address_of(f"lender {index}") for index in range(24)]
        self.keeper = address_of("keeper")
        self.blocks = 0
        self.held: list[Holding] = []
        self.bought: list[Holding] = []
        self.written: list[Holding] = []
        self.writers: list[Holding] = []
        self.orders: list[tuple[Order, bytes, int]] = []
        self.nonce = 1
        self.netted: set[tuple[str, int]] = set()
        self.to_settle: list[tuple[str, tuple[str, int]]] = []
        self.fee_keys: list[int] = []
        self.settled = False
        self.now = 0

    @property
    def everybody(self) -> list[str]:
        """All that ever send a transaction."""
        known = [FEED_OWNER, SIGNER, local_account(0), *self.makers]
        return [*self.accounts, *self.lenders, self.keeper, *(account.address for account in known)]

    @property
    def closing(self) -> bool:
        """Whether the first expiry is near or over."""
        return self.now > EXPIRIES[0] - 2 * 3600

    def spot(self, market: int) -> float:
        """The price of a market in this block."""
        return SPOTS[market] * (1 + 0.03 * math.sin(self.blocks / 150) + 0.004 * math.sin(self.blocks * 1.7 + market))

    def series(self, market: int, side: Side, expiry: int) -> list[Series]:
        """Those listed, by strike."""
        step = SPOTS[market] * 0.02
        first = SPOTS[market] - step * (self.pace.strikes - 1) / 2
        return [Series(market, side, expiry, round(first + place * step) * 10**8) for place in range(self.pace.strikes)]

    def some_series(self, *, vault: bool) -> Series:
        """Open ones; a vault's are near the money."""
        market, side = self.draw.choice((1, 2)), self.draw.choice(tuple(Side))
        expiry = self.draw.choice(EXPIRIES[1:] if self.closing else EXPIRIES)
        listed = self.series(market, side, expiry)
        if vault:
            middle, reach = len(listed) // 2, min(6, len(listed) // 2)
            listed = listed[middle - reach : middle + reach]
        return self.draw.choice(listed)

    def vault(self, series: Series) -> str:
        """The address of the vault that trades a series."""
        return self.chain.deployment.vault(series.market, series.side).address

    def some(self, held: list[Holding]) -> Holding | None:
        """One of the newest, of an expiry that is open."""
        for _ in range(5):
            if held:
                found = held[-1 - self.draw.randrange(min(len(held), 400))]
                closed = self.closing and Series.from_id(found.series).expiry == EXPIRIES[0]
                if found.amount > 3 * 10**16 and not closed:
                    return found
        return None
