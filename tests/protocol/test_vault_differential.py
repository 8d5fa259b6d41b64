"""Random lives of a call and a put vault on the chain and on a plain model: premiums, fees, queues, shares to the unit.

`OPTIONIX_DIFFERENTIAL_SEED` and `OPTIONIX_DIFFERENTIAL_VAULT_ACTIONS` ask for others, or for more.
"""

from __future__ import annotations

import ast
import os
import random
from collections import Counter, deque
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from ape.exceptions import ContractLogicError
from eth_account import Account

from optionix.chain.abi import decode_revert
from optionix.instruments import Side
from optionix.pricing import vault as pricing
from optionix.pricing.ssvi import PackedSlice
from tests.oracle.feeds import DAY, Feed
from tests.oracle.ledger import Asset, Ledger
from tests.oracle.refusals import Refused
from tests.protocol.conftest import container
from tests.protocol.vault_model import Surroundings, VaultModel

SEED = int(os.environ.get("OPTIONIX_DIFFERENTIAL_SEED", "20261123"))
ACTIONS = int(os.environ.get("OPTIONIX_DIFFERENTIAL_VAULT_ACTIONS", "100"))
WAD = 10**18
NOBODY = "0x" + "0" * 40
MAX_AGE, BAND_BPS = 7200, 50
STRIKES = (1300, 1500, 1600, 1800)
#: How often each is drawn.
WEIGHTS = {
    "buy": 5, "sell": 2, "requestDeposit": 2, "requestRedeem": 2, "cancelDeposit": 1, "cancelRedeem": 1,
    "process": 3, "deposit": 1, "mint": 1, "redeem": 1, "withdraw": 1,
}  # fmt: skip


@dataclass
class Both:
    """What the two vaults and their surroundings are by the model; copied whole for each action."""

    around: Surroundings
    vaults: dict[str, VaultModel] = field(default_factory=dict)


class Scene:
    """The contracts of one market with both vaults, three people, and the model."""

    def __init__(self, chain: Any, accounts: Any) -> None:
        self.chain, self.admin, self.people = chain, accounts[0], list(accounts[3:6])
        self.signers = sorted(accounts[6:8], key=lambda each: int(str(each.address), 16))
        deploy = self.admin.deploy
        access = deploy(container("AccessManager"), self.admin)
        self.markets = deploy(container("Markets"), access)
        renderer = deploy(container("OptionRenderer"), self.markets)
        self.house = deploy(container("Clearinghouse"), access, self.markets, renderer)
        self.oracle = deploy(container("VolatilityOracle"), access, self.markets)
        self.options = container("OptionToken").at(self.house.optionToken())
        pricer = deploy(container("VaultPricer"), self.oracle)
        base = deploy(container("TestToken"), "Wrapped Ether", "WETH", 18)
        quote = deploy(container("TestToken"), "USD Coin", "USDC", 6)
        self.feed = deploy(container("ReplayFeed"), 8, "feed", self.admin)
        feed = Feed(MAX_AGE, 10 * WAD, 10**6 * WAD)
        assets = {(1, 0): Asset(str(base.address), WAD), (1, 1): Asset(str(quote.address), 10**6)}
        ledger = Ledger(str(self.house.address), assets, {1: feed})
        self.both = Both(Surroundings(feed, frozenset(), 0, 0, 0, BAND_BPS))
        self.post(1500 * 10**8)
        config = (self.feed, 8, 3600, MAX_AGE, BAND_BPS, feed.least, feed.most, NOBODY, 0)
        self.markets.addMarket(base, quote, config, sender=self.admin)
        now = chain.pending_timestamp
        first = now - now % DAY + 5 * DAY + DAY // 3
        self.expiries = (first, first + 7 * DAY)
        for expiry in self.expiries:
            self.markets.listExpiry(1, expiry, sender=self.admin)
            feed.checkpoint(chain.blocks.head.timestamp)
        self.series = [
            1 << 112 | side << 104 | expiry << 64 | strike * 10**8
            for side in (0, 1)
            for expiry in self.expiries
            for strike in STRIKES
        ]
        self.markets.listSeries(self.series, sender=self.admin)
        self.oracle.setSigners([str(each.address) for each in self.signers], 2, sender=self.admin)
        self.oracle.setAnchor(1, 6 * WAD // 10, sender=self.admin)
        around = self.both.around
        around.listed = frozenset(self.series)
        around.heartbeat = self.oracle.heartbeat()
        around.volatility_per_day, around.carry_per_day = self.oracle.volatilityPerDay(), self.oracle.carryPerDay()
        self.vaults = {}
        self.tokens = {str(base.address): base, str(quote.address): quote}
        for side, token, unit in ((Side.CALL, base, WAD), (Side.PUT, quote, 10**6)):
            vault = deploy(container("OptionVault"), access, self.house, pricer, 1, side.value)
            self.vaults[str(vault.address)] = vault
            self._model(vault, side, str(token.address), unit, ledger)
            for person in self.people:
                purse = 1000 * unit * (1 if side is Side.CALL else 1500)
                token.mint(person, 2 * purse, sender=person)
                token.approve(vault, 2**256 - 1, sender=person)
                token.approve(self.house, 2**256 - 1, sender=person)
                self.house.deposit(token, purse, sender=person)
                ledger.mint_token(str(token.address), str(person.address), 2 * purse)
                ledger.deposit(str(person.address), str(token.address), purse)
        # The third has given no rights and trades from its wallet alone.
        for person in self.people[:2]:
            for vault in self.vaults.values():
                self.house.setOperator(vault, 1, sender=person)
                around.flags.add((str(person.address), str(vault.address)))
        self.report(600)

    def _model(self, vault: Any, side: Side, token: str, unit: int, ledger: Ledger) -> None:
        p, fees = vault.params(), vault.fees()
        names = "halfSpread halfSpreadPerDay skew use minRate floor minAbsDelta maxAbsDelta maxUtilisation minAmount"
        params = pricing.Params(*(getattr(p, name) for name in names.split()), p.guardWindow)
        self.both.vaults[str(vault.address)] = VaultModel(
            str(vault.address),
            side,
            token,
            unit,
            params,
            pricing.Fees(fees.ofNotional, fees.ofPremium),
            fees.performance,
            p.noticeSeconds,
            p.minRequest,
            ledger,
            self.both.around,
        )

    # --- the world goes on ---

    def post(self, answer: int) -> None:
        """A round of the feed."""
        self.feed.post(answer, sender=self.admin)
        self.both.around.feed.post(self.chain.blocks.head.timestamp, answer)

    def report(self, volatility: int) -> None:
        """Slices of both expiries at a volatility in thousandths, signed by two; both fit the oracle's bounds."""
        now = self.chain.blocks.head.timestamp
        slices = []
        for expiry in self.expiries:
            variance = (volatility / 1000) ** 2 * (expiry - now) / (365 * DAY)
            shape = (int(variance * 1e16), int(0.4e15 / variance**0.5), -2 * 10**11, 3 * 10**7)
            slices.append((expiry, *shape))
            before = self.both.around.slices.get(expiry)
            self.both.around.slices[expiry] = (PackedSlice(*shape, now), before[0] if before else None)
        report = (1, now, slices)
        digest = self.oracle.hashReport(report)
        signed = [Account.unsafe_sign_hash(digest, each.private_key).signature for each in self.signers]
        self.oracle.post(report, signed, sender=self.admin)
        for expiry, *shape in slices:
            stored = self.oracle.slice(1, expiry)
            assert (stored.theta, stored.phi, stored.rho, stored.carry) == tuple(shape), "the report fits"

    def halt(self, expiry: int) -> None:
        """One signer stops an expiry for a heartbeat."""
        self.oracle.halt(1, expiry, sender=self.signers[0])
        until = self.chain.blocks.head.timestamp + self.both.around.heartbeat
        self.both.around.halted_until[expiry] = until

    # --- both at once ---

    def do(self, vault: str, name: str, person: Any, arguments: tuple[Any, ...]) -> str:
        """Does it twice; how it ended."""
        trial = deepcopy(self.both)
        trial.around.now = self.chain.pending_timestamp
        try:
            getattr(trial.vaults[vault], name)(str(person.address), *arguments)
            expected = ""
        except Refused as refused:
            expected = refused.name
        try:
            getattr(self.vaults[vault], name)(*arguments, sender=person)
            found = ""
        except ContractLogicError as error:
            found = name_of(error)
        assert found == expected, f"{found or 'done'}, the model says {expected or 'done'}"
        if not found:
            assert self.chain.blocks.head.timestamp == trial.around.now, "the model knew the time"
            self.both = trial
            self.compare(vault)
        return found

    def compare(self, address: str) -> None:
        """Every figure of a vault, and what everybody has in its asset and its shares."""
        vault, model = self.vaults[address], self.both.vaults[address]
        ledger = model.ledger
        queues = (
            sum(each.pending for each in model.deposits.waiting),
            sum(each.pending for each in model.redemptions.waiting),
            sum(each[0] for each in model.redemptions.claims.values()),
            sum(each[1] for each in model.deposits.claims.values()),
        )
        same("idle", vault.idleAssets(), model.idle)
        same("locked", vault.lockedAssets(), model.locked)
        same("vega", vault.shortVegaWad(), model.vega)
        same("supply", vault.totalSupply(), model.supply)
        same("queues", tuple(vault.queueTotals()), queues)
        same("open series", sorted(vault.openSeries()), sorted(model.written))
        for series, amount in model.written.items():
            same("written", vault.written(series), amount)
        for who in (*(str(each.address) for each in self.people), address):
            same(f"shares of {who}", vault.balanceOf(who), model.shares[who])
            same(f"free of {who}", self.house.freeBalance(who, model.token), ledger.free[who, model.token])
            same(f"wallet of {who}", self.tokens[model.token].balanceOf(who), ledger.tokens[model.token, who])
        for key in {each >> 64 for each in self.series}:
            same("pot", self.house.feePot(key), ledger.pots[key].assets)
            same("book", self.house.book(address, key).locked, ledger.books[address, key].locked)
        for (who, series), amount in ledger.options.items():
            same("options", self.options.balanceOf(who, series), amount)


def same(what: str, found: Any, expected: Any) -> None:
    """The chain's figure is the model's."""
    assert found == expected, f"{what}: {found}, the model has {expected}"


def name_of(error: ContractLogicError) -> str:
    """The error of ours that a revert carries."""
    name = type(error).__name__
    if name != "ContractLogicError":
        return name
    data = str(error.message)
    if data.startswith(("b'", 'b"')):
        data = f"0x{ast.literal_eval(data).hex()}"
    return decode_revert(data).name


class Life:
    """Draws what people, keepers and feeds do."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.chance, self.volatility = scene, random.Random(seed), 600

    def part(self, whole: int) -> int:
        """Some of it, all, nothing or too much."""
        luck = self.chance.random()
        if luck < 0.1:
            return self.chance.choice((0, whole + 1))
        return whole if luck < 0.4 else self.chance.randint(min(1, whole), whole)

    def time_passes(self) -> None:
        """Minutes or an hour; rounds and reports mostly keep up with it."""
        chain, scene = self.scene.chain, self.scene
        chain.mine(timestamp=chain.blocks.head.timestamp + self.chance.choice((60, 400, 3700, 3700)))
        if self.chance.random() < 0.8:
            scene.post(self.chance.randrange(1400, 1650) * 10**8 + self.chance.randrange(10**8))
        if self.chance.random() < 0.6:
            since = scene.both.around.slices[scene.expiries[0]][0].timestamp
            if chain.blocks.head.timestamp > since + 3600:  # as far as the oracle lets a report move
                self.volatility = 600 + self.chance.randrange(-4, 5)
            scene.report(self.volatility)

    def draw(self) -> tuple[str, str, Any, tuple[Any, ...]]:
        """Vault, action, who, arguments."""
        scene, chance = self.scene, self.chance
        address, person = chance.choice(list(scene.vaults)), chance.choice(scene.people)
        model, who, name = (
            scene.both.vaults[address],
            str(person.address),
            chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0],
        )
        other = str(chance.choice(scene.people).address)
        deadline = scene.chain.blocks.head.timestamp + chance.choice((3600, 3600, 3600, 3600, 3600, -1))
        if name == "buy":
            series = chance.choice([each for each in scene.series if each >> 104 & 1 == model.side.value])
            if chance.random() < 0.06:
                series = chance.choice((series + 1, series ^ 1 << 104))
            amount = chance.choice((10**16, 10**15, 10**18 + 1, 40 * WAD, chance.randrange(1, 5 * 10**8) * 10**10))
            limit = chance.choice((2**255, 2**255, 2**255, 1))
            return address, name, person, (series, amount, limit, other, deadline, chance.randrange(2))
        if name == "sell":
            held = [
                (each, series, n) for (each, series), n in model.ledger.options.items() if n and series in model.written
            ]
            who, series, amount = chance.choice(held or [(who, scene.series[0], 0)])
            person = next(each for each in scene.people if str(each.address) == who)
            amount = chance.choice((amount, self.part(amount) // 10**10 * 10**10))
            limit = chance.choice((0, 0, 0, 2**255))
            return address, name, person, (series, amount, limit, other, deadline, chance.randrange(2))
        if name == "requestDeposit":
            return address, name, person, (self.part(60 * model.unit * (1, 1500)[model.side.value]), other, who)
        if name == "requestRedeem":
            return address, name, person, (self.part(model.shares[who]), other, who)
        if name in ("cancelDeposit", "cancelRedeem"):
            queue = model.deposits if name == "cancelDeposit" else model.redemptions
            number = chance.randrange(len(queue.records) + 2)
            mine = [each.id for each in queue.waiting if each.controller == who]
            return address, name, person, (chance.choice(mine) if mine and chance.random() < 0.7 else number,)
        if name == "process":
            return address, name, person, (chance.choice((1, 2, 5)),)
        queue = model.deposits if name in ("deposit", "mint") else model.redemptions
        given = self.part(queue.claims[who][0 if name in ("deposit", "withdraw") else 1])
        if name in ("deposit", "mint"):
            return address, name, person, (given, other)
        return address, name, person, (given, other, who if chance.random() < 0.9 else other)


@pytest.mark.timeout(1800)
def test_the_vaults_agree_with_the_model_to_the_last_unit(chain: Any, accounts: Any) -> None:
    snapshot = chain.snapshot()
    scene = Scene(chain, accounts)
    life = Life(scene, SEED)
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    last: deque[str] = deque(maxlen=8)

    def play(vault: str, name: str, person: Any, arguments: tuple[Any, ...]) -> str:
        last.append(f"{str(person.address)[:8]}: {vault[:8]}.{name}{arguments}")
        end = scene.do(vault, name, person, arguments)
        last[-1] += f" -> {end or 'done'}"
        (refused if end else done)[end or name] += 1
        return end

    try:
        for address, model in scene.both.vaults.items():
            who = str(scene.people[0].address)
            size = 200 * model.unit * (1, 1500)[model.side.value]
            play(address, "requestDeposit", scene.people[0], (size, who, who))
        chain.mine(timestamp=chain.blocks.head.timestamp + 3700)
        scene.post(1511 * 10**8 + 77)
        scene.report(600)
        buyer, deadline = scene.people[1], 2**40
        who = str(buyer.address)
        for address, vault in scene.vaults.items():
            series = next(each for each in scene.series[1:] if each >> 104 & 1 == vault.side())
            assert play(address, "process", buyer, (5,)) == ""
            assert play(address, "buy", buyer, (series, 3 * WAD, 2**255, who, deadline, 0)) == ""
            assert play(address, "sell", buyer, (series, WAD + 10**10, 0, who, deadline, 1)) == ""
        for step in range(ACTIONS):
            if life.chance.random() < 0.25:
                life.time_passes()
            if step == ACTIONS // 2:
                scene.halt(scene.expiries[0])
            play(*life.draw())
        # Just before the cutoff all is fresh again: days without a price have tests of their own.
        chain.mine(timestamp=scene.expiries[0] - 1800 - MAX_AGE - 120)
        scene.post(1500 * 10**8)
        scene.report(life.volatility)
        chain.mine(timestamp=scene.expiries[0] - 1800 - MAX_AGE)
        for _ in range(8):
            play(*life.draw())
    except AssertionError as error:
        trace = "\n  ".join(last)
        raise AssertionError(f"seed {SEED}: {error}\nIts last actions:\n  {trace}") from error
    finally:
        chain.restore(snapshot)
    print(f"{done.total()} done, {refused.total()} refused: {dict(done)} {dict(refused)}")
    # A life in which little happens proves little.
    assert done.keys() >= {"buy", "sell", "requestDeposit", "requestRedeem", "process", "deposit", "redeem"}
    assert len(refused) >= 8, f"only {sorted(refused)} were met"
