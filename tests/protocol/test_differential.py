"""Random lives of two markets, action by action on the chain and on a plain model: the same to the last unit.

A failure names its seed and its last actions. `OPTIONIX_DIFFERENTIAL_SEED` plays one seed again,
`OPTIONIX_DIFFERENTIAL_LIVES` says how many are played, `OPTIONIX_DIFFERENTIAL_ACTIONS` how long each is.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.oracle.feeds import DAY
from tests.protocol.pair import OPENING, Action, Pair
from tests.protocol.players import Players

SEED = int(os.environ.get("OPTIONIX_DIFFERENTIAL_SEED", "20261123"))
LIVES = int(os.environ.get("OPTIONIX_DIFFERENTIAL_LIVES", "1"))
ACTIONS = int(os.environ.get("OPTIONIX_DIFFERENTIAL_ACTIONS", "250"))


@pytest.fixture(scope="module")
def pair(chain: Any, accounts: Any) -> Iterator[Pair]:
    """Deployed once; the chain is as it was afterwards."""
    snapshot = chain.snapshot()
    yield Pair(chain, accounts)
    chain.restore(snapshot)


@pytest.fixture(autouse=True)
def isolated(chain: Any, pair: Pair) -> Iterator[None]:
    """Each life on the chain as deployed, and on a model that knows nothing later."""
    snapshot, state = chain.snapshot(), deepcopy(pair.model)
    yield
    chain.restore(snapshot)
    pair.model = state


class Life:
    """Two expiries: the first settles by proof in one of two phases, the second by both fallbacks."""

    def __init__(self, pair: Pair, seed: int) -> None:
        self.pair, self.players = pair, Players(pair, seed)
        self.chance = self.players.chance
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.last: deque[str] = deque(maxlen=12)

    def play(self, actions: Iterable[Action]) -> list[str]:
        """Does them; how each ended."""
        ends = []
        for action in actions:
            self.last.append(str(action))
            ends.append(self.pair.do(action))
            self.last[-1] += f" -> {ends[-1] or 'done'}"
            if ends[-1]:
                self.refused[ends[-1]] += 1
            else:
                self.done[action.name] += 1
        return ends

    def some(self, share: float) -> None:
        """A share of all random actions."""
        self.play(self.players.draw() for _ in range(int(ACTIONS * share)))

    def run(self) -> None:
        """From the first deposit until nobody has anything left inside."""
        self.play(self.players.opening())
        self.some(0.4)
        self.pair.compare_all()
        first, second = self.pair.expiries
        self.window(first)
        self.pair.travel(first + 5)
        self.some(0.05)
        self.settle(first, "settle", first + 60)
        self.some(0.25)
        self.spoil(second)
        self.pair.travel(second + 61)
        self.some(0.1)
        self.settle(second, "settleAtLastRound", second + DAY, markets=(1,))
        self.some(0.1)
        self.settle(second, "settleAtCheckpoint", second + 8 * DAY, markets=(2,))
        self.some(0.1)
        self.finish()
        self.pair.compare_all()

    def price(self, market: int) -> int:
        """An answer of many digits."""
        return OPENING[market] * self.chance.randrange(70, 140) // 100 + self.chance.randrange(10**8)

    def window(self, expiry: int) -> None:
        """Rounds before and through a window, actions between them; one feed may change its phase."""
        changes = self.chance.randrange(4)
        times = sorted(self.chance.randrange(expiry - 1790, expiry - 30) for _ in range(self.chance.randrange(1, 5)))
        for number, time in enumerate([expiry - self.chance.randrange(1830, 2400), *times]):
            self.pair.travel(time)
            for market in (1, 2):
                if number == changes and market == 1:
                    self.pair.start_phase(market)
                self.pair.post(market, self.price(market))
            self.play([self.players.make("checkpoint", self.players.names[0]), self.players.draw()])

    def spoil(self, expiry: int) -> None:
        """Of the second expiry one feed goes stale, the other keeps a spot and then loses its phase."""
        self.pair.travel(expiry - 2 * 3600)
        self.pair.post(1, self.price(1))
        self.pair.post(1, -1)
        self.pair.post(2, self.price(2))
        self.play([Action("checkpoint", self.players.names[1], (2, expiry))])
        self.pair.start_phase(2)
        self.some(0.05)

    def settle(self, expiry: int, rule: str, time: int, markets: tuple[int, ...] = (1, 2)) -> None:
        """Wrong proofs, then what the rules allow, which must be done."""
        for market in markets:
            self.play(self.players.wrong_proofs(market, expiry))
        self.pair.travel(time)
        for market in markets:
            if (market, expiry) in self.pair.model.ledger.settled:
                continue
            last = self.pair.model.feeds[market].last_round(expiry, time)
            proof = (last.id,) if last else ()
            who = self.chance.choice(self.players.names)
            assert self.play([Action(rule, who, (market, expiry, *proof))]) == [""], f"{rule} of market {market}"

    def finish(self) -> None:
        """Every book settles, every long is redeemed, every pot is collected, everybody withdraws."""
        keeper = self.players.names[0]
        ledger = self.pair.model.ledger
        items = [(account, key << 64) for account, key in ledger.books]
        items += [(account, series) for (account, _), book in ledger.books.items() for series in book.legs]
        holders = [place for place, amount in ledger.options.items() if amount]
        must = [Action("settleMany", keeper, (items,)), Action("redeemMany", keeper, (holders,))]
        must.append(Action("setTreasury", self.players.admin, (keeper,)))
        must += [Action("collectFees", keeper, (key,)) for key in sorted({each >> 64 for each in self.pair.series})]
        assert not any(self.play(must))
        self.pair.travel(self.pair.expiries[1] + 31 * DAY)
        assert not any(self.play(must[3:]))
        free = [(who, token, n) for (who, token), n in self.pair.model.ledger.free.items() if n]
        assert not any(self.play(Action("withdraw", who, (token, n, who)) for who, token, n in free))
        ledger = self.pair.model.ledger
        assert not any(book.legs or book.locked for book in ledger.books.values())
        # What rounding left belongs to nobody.
        dust = {at: ledger.tokens[at, self.pair.model.world.house] for at in self.pair.tokens}
        assert all(0 <= units < 10_000 for units in dust.values()), dust


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(SEED, SEED + LIVES))
def test_the_chain_agrees_with_the_model_to_the_last_unit(pair: Pair, seed: int) -> None:
    life = Life(pair, seed)
    before = pair.compared
    try:
        life.run()
    except AssertionError as error:
        trace = "\n  ".join(life.last)
        raise AssertionError(f"seed {seed}: {error}\nIts last actions:\n  {trace}") from error
    print(f"seed {seed}: {life.done.total()} done, {life.refused.total()} refused, {pair.compared - before} compared")
    # A life in which little happens proves little.
    assert life.done.keys() >= {"deposit", "write", "net", "settle", "settleAtLastRound", "settleAtCheckpoint"}
    assert life.done.total() >= ACTIONS // 2
    assert len(life.refused) >= 15, f"only {sorted(life.refused)} were met"


def test_one_unit_too_many_is_noticed(pair: Pair) -> None:
    """The comparison can fail: a model that is off by one unit is told where."""
    place = next(iter(pair.model.ledger.tokens))
    pair.model.ledger.tokens[place] += 1
    with pytest.raises(AssertionError, match="tokens"):
        pair.compare_all()


def test_another_refusal_is_noticed(pair: Pair) -> None:
    """The comparison can fail: a model that refuses what the chain does."""
    pair.model.paused = True
    who = str(pair.actors[0].address)
    token, units = next(iter(pair.units.items()))
    pair.do(Action("deposit", who, (token, units)))
    with pytest.raises(AssertionError, match="the model says Paused"):
        pair.do(Action("write", who, (who, pair.series[0], 10**17, who)))
