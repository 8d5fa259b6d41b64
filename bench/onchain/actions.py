"""What people and keepers send: gas of whole transactions on a local chain, each the median of warm repeats."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bench.onchain.compiled import Bench
from bench.onchain.explain import BASE, call_data, explain
from bench.onchain.stage import EXPIRIES, SPOT, WAD, Person, Stage, staged
from optionix.benchmarks import median
from optionix.chain.abi import load_abi
from optionix.chain.deploy import ZERO_ADDRESS
from optionix.chain.transactions import Receipt
from optionix.local.chain import NOTICE

REPEATS = 5
FREE_BALANCE = 0
NEVER = 2**40 - 1
STRIKES = tuple(range(1350, 1670, 20))
"""Sixteen, within the vault's deltas at each of the four expiries that it sells."""
SOLD = EXPIRIES[3:7]
BATCH = 8
_KEEPER, _BUYER, _WRITER, _HOLDER, _DEPOSITOR = 9, 6, 7, 8, 5
_OTHERS = (10, 11, 12, 13, 14)


@dataclass
class Actions:
    """Receipts by what they are a sample of, and gas of calls that are no transactions."""

    receipts: dict[str, list[Receipt]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    execution: dict[str, int] = field(default_factory=dict)
    """Gas without the transaction's own 21,000 and its call data."""

    def note(self, name: str, receipt: Receipt) -> None:
        """One more sample."""
        self.receipts.setdefault(name, []).append(receipt)

    def gas(self, name: str) -> int:
        """The median; a batch's by its slices."""
        if name in self.calls:
            return self.calls[name]
        whole = median([receipt.gas_used for receipt in self.receipts[name]])
        return round(whole / BATCH) if name == "post_surface_batch8_each" else whole

    def names(self) -> list[str]:
        """All that was measured."""
        return [*self.receipts, *self.calls]


def measure() -> Actions:
    """Measures on a chain of its own."""
    with staged(dict.fromkeys(SOLD, STRIKES)) as stage:
        actions = _life(stage, REPEATS, marking=True)
        for name, receipts in actions.receipts.items():
            sent = stage.chain.rpc.call("eth_getTransactionByHash", receipts[-1].transaction)
            actions.execution[name] = receipts[-1].gas_used - BASE - call_data(sent["input"])
        return actions


def explained() -> dict[str, Counter[tuple[str, str]]]:
    """Where the gas of one transaction of each kind goes; see `explain.explain`."""
    with staged(dict.fromkeys(SOLD, STRIKES), traced=True) as stage:
        actions = _life(stage, 2, marking=False)
        names = stage.names()
        return {
            name: explain(stage.chain.rpc, receipts[-1].transaction, names)
            for name, receipts in actions.receipts.items()
        }


def _life(stage: Stage, repeats: int, *, marking: bool) -> Actions:
    actions = Actions()
    keeper, buyer, writer, holder, depositor = (
        stage.person(index) for index in (_KEEPER, _BUYER, _WRITER, _HOLDER, _DEPOSITOR)
    )
    _surfaces(stage, keeper, actions, repeats)
    for person in (buyer, writer):
        house = stage.chain.deployment.address("Clearinghouse")
        person.send("TestToken", "approve", house, 2**256 - 1, at=stage.weth)
        person.send("Clearinghouse", "deposit", stage.weth, 1_000 * WAD)
    _requests(stage, depositor, keeper, actions, repeats)
    _trades(stage, buyer, keeper, actions, repeats)
    _writing(stage, writer, holder, actions, repeats)
    _fills(stage, writer, buyer, actions, repeats)
    if marking:
        _marking(stage, buyer, keeper, actions)
    _settling(stage, writer, keeper, actions)
    return actions


def _surfaces(stage: Stage, keeper: Person, actions: Actions, repeats: int) -> None:
    """Two of three signers, ten expiries with slices of half an hour before."""
    stage.refresh(keeper)
    for _ in range(repeats):
        stage.chain.at(stage.chain.now + 1800)
        stage.chain.post(SPOT)
        actions.note("post_surface", keeper.send("VolatilityOracle", "post", *stage.report(EXPIRIES[4:5])))
        stage.chain.at(stage.chain.now + 1)
        eight = stage.report(EXPIRIES[1 : 1 + BATCH])
        actions.note("post_surface_batch8_each", keeper.send("VolatilityOracle", "post", *eight))
        stage.chain.at(stage.chain.now + 1)
        stage.refresh(keeper)


def _requests(stage: Stage, depositor: Person, keeper: Person, actions: Actions, repeats: int) -> None:
    """An owner who holds shares already."""
    owner, claim = depositor.address, "deposit(uint256,address,address)"
    for _ in range(repeats):
        asked = depositor.send("OptionVault", "requestDeposit", WAD, owner, owner, at=stage.vault)
        actions.note("deposit_request", asked)
        stage.chain.at(stage.chain.now + NOTICE)
        stage.chain.post(SPOT)
        processed = keeper.send("OptionVault", "process", 1, at=stage.vault)
        actions.note("process one deposit, nothing open", processed)
        actions.note("claim", depositor.send("OptionVault", claim, WAD, owner, owner, at=stage.vault))


def _buy(stage: Stage, buyer: Person, series: int) -> str:
    arguments = (series, WAD, 10 * WAD, buyer.address, NEVER, FREE_BALANCE)
    return buyer.submit("OptionVault", "buy", *arguments, at=stage.vault)


def _sell(stage: Stage, buyer: Person, series: int) -> str:
    arguments = (series, WAD // 2, 0, buyer.address, NEVER, FREE_BALANCE)
    return buyer.submit("OptionVault", "sell", *arguments, at=stage.vault)


def _trades(stage: Stage, buyer: Person, keeper: Person, actions: Actions, repeats: int) -> None:
    """From the free balance, two in a block, right after a report: the older slice and the spot's band both count."""
    buyer.send("Clearinghouse", "setOperator", stage.vault, 1)
    stage.refresh(keeper)
    for expiry in SOLD[:2]:
        for strike in STRIKES[:8]:
            buyer.confirm(_buy(stage, buyer, stage.series(expiry, strike)))
    series = stage.series(SOLD[0], STRIKES[8])
    actions.note("buy a series that the vault had not open", buyer.confirm(_buy(stage, buyer, series)))
    for _ in range(repeats):
        for names, trade in (
            (("vault_buy_first", "vault_buy_again"), _buy),
            (("sell, a block's first trade", "vault_sell"), _sell),
        ):
            with stage.one_block():
                pair = [trade(stage, buyer, series) for _ in names]
            for name, transaction in zip(names, pair, strict=True):
                actions.note(name, buyer.confirm(transaction))


def _writing(stage: Stage, writer: Person, holder: Person, actions: Actions, repeats: int) -> None:
    """A writer of sixteen other series; both sides know the series already."""
    own, other = writer.address, holder.address
    for expiry in SOLD[2:]:
        for strike in STRIKES[:8]:
            writer.send("Clearinghouse", "write", own, stage.series(expiry, strike), 2 * WAD, other)
    series = stage.series(SOLD[2], STRIKES[8])
    actions.note("write a first leg at a strike", writer.send("Clearinghouse", "write", own, series, WAD, other))
    writer.send("Clearinghouse", "write", own, series, 20 * WAD, own)
    moved, paid = "OpenZeppelin ERC-1155 transfer of options", "OpenZeppelin ERC-20 transfer"
    for _ in range(repeats):
        actions.note("write", writer.send("Clearinghouse", "write", own, series, WAD, other))
        actions.note("close", writer.send("Clearinghouse", "close", own, series, WAD, own))
        actions.note(moved, holder.send("OptionToken", "safeTransferFrom", other, own, series, WAD // 2, b""))
        actions.note(paid, writer.send("TestToken", "transfer", other, WAD, at=stage.weth))


def _fills(stage: Stage, maker: Person, taker: Person, actions: Actions, repeats: int) -> None:
    """Parts of one order, whose maker writes what it sells; both pay from free balances."""
    exchange = stage.chain.deployment.address("Exchange")
    for person in (maker, taker):
        person.send("Clearinghouse", "setOperator", exchange, 1)
    order = {
        **{"maker": maker.address, "taker": ZERO_ADDRESS, "series": stage.series(SOLD[2], STRIKES[8]), "isBuy": False},
        **{"useBook": True, "kind": 0, "premiumToken": stage.weth, "amount": 100 * WAD, "limit": WAD // 20},
        **{"deadline": NEVER, "nonce": 1, "minPremium": 0, "maxPremium": WAD, "minSpot": 1, "maxSpot": 10_000 * WAD},
        **{"maxFeedAge": 3600, "storedCarry": False, "minCarry": 0, "maxCarry": 0, "spotEdge": 0},
    }
    at_a_volatility = order | {"kind": 1, "limit": WAD * 6 // 10, "nonce": 2}
    take = {"amount": WAD, "minAmount": WAD, "limit": WAD, "receiver": taker.address, "useBook": False}
    stage.chain.post(SPOT)
    for name, terms in (("fill", order), ("fill at a volatility", at_a_volatility)):
        signature = maker.sign(stage.chain.read("Exchange", "hashOrder", terms))
        actions.note(f"{name}, an order's first", taker.send("Exchange", "fill", terms, signature, take))
        for _ in range(repeats):
            actions.note(name, taker.send("Exchange", "fill", terms, signature, take))


def _marking(stage: Stage, buyer: Person, keeper: Person, actions: Actions) -> None:
    """A call of `netAssets`, warm, with all 64 series open."""
    have = stage.chain.read("OptionVault", "openSeries", at=stage.vault)
    stage.refresh(keeper)
    for expiry in SOLD:
        for strike in STRIKES:
            if stage.series(expiry, strike) not in have:
                buyer.confirm(_buy(stage, buyer, stage.series(expiry, strike)))
    if len(stage.chain.read("OptionVault", "openSeries", at=stage.vault)) != 64:
        raise RuntimeError("the vault does not hold 64 series")
    bench = Bench(stage.chain.rpc)
    stage.refresh(keeper)
    actions.calls["mark 64 series at both sides, the older slices too"] = _net_assets(stage, bench)
    stage.chain.at(stage.chain.now + 600)
    actions.calls["mark_64_guarded"] = _net_assets(stage, bench)


def _net_assets(stage: Stage, bench: Bench) -> int:
    call = bytes.fromhex(load_abi("OptionVault").encode("netAssets")[2:])
    gas, _ = bench.gas(stage.vault, bench.nobody, [call] * 3)
    return median(gas)


def _settling(stage: Stage, writer: Person, keeper: Person, actions: Actions) -> None:
    """Two rounds within the window and the one in force at its start; then holders redeem all that they have."""
    holders = [stage.person(index) for index in _OTHERS]
    series = stage.series(SOLD[2], STRIKES[0])
    for person in holders:
        writer.send("Clearinghouse", "write", writer.address, series, WAD, person.address)
        stage.chain.send("TestToken", "mint", person.address, WAD, at=stage.weth)
    for expiry in EXPIRIES[:6]:
        for before in (2400, 1200, 600):
            stage.chain.at(expiry - before)
            stage.chain.post(SPOT)
        last = stage.chain.latest_round()
        stage.chain.at(expiry + 61)
        stage.chain.post(SPOT)
        actions.note("settle_price", keeper.send("Markets", "settle", 1, expiry, last))
    for person in holders:
        actions.note("redeem", person.send("Clearinghouse", "redeem", series, WAD, person.address))
