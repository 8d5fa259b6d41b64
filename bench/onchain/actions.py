"""What people and keepers send: gas of whole transactions on a local chain, each the median of warm repeats."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.onchain.compiled import Bench
from bench.onchain.stage import EXPIRIES, SPOT, WAD, Person, Stage, staged
from optionix.benchmarks import median
from optionix.chain.abi import load_abi
from optionix.local.chain import NOTICE

REPEATS = 5
FREE_BALANCE = 0
NEVER = 2**40 - 1
STRIKES = tuple(range(1350, 1670, 20))
"""Sixteen, within the vault's deltas at each of the four expiries that it sells."""
SOLD = EXPIRIES[3:7]
_KEEPER, _BUYER, _WRITER, _HOLDER, _DEPOSITOR = 9, 6, 7, 8, 5


@dataclass
class Actions:
    """Gas by figure, and by what is shown beside."""

    figures: dict[str, int] = field(default_factory=dict)
    beside: dict[str, int] = field(default_factory=dict)


def measure() -> Actions:
    """Measures on a chain of its own."""
    actions = Actions()
    with staged(dict.fromkeys(SOLD, STRIKES)) as stage:
        keeper, buyer, writer, holder, depositor = (
            stage.person(index) for index in (_KEEPER, _BUYER, _WRITER, _HOLDER, _DEPOSITOR)
        )
        _surfaces(stage, keeper, actions)
        for person in (buyer, writer):
            person.send("TestToken", "approve", _house(stage), 2**256 - 1, at=stage.weth)
            person.send("Clearinghouse", "deposit", stage.weth, 1_000 * WAD)
        _requests(stage, depositor, keeper, actions)
        _trades(stage, buyer, keeper, actions)
        _writing(stage, writer, holder, actions)
        _marking(stage, buyer, keeper, actions)
        _settling(stage, writer, keeper, actions)
    return actions


def _house(stage: Stage) -> str:
    return stage.chain.deployment.address("Clearinghouse")


def _surfaces(stage: Stage, keeper: Person, actions: Actions) -> None:
    """Two of three signers, ten expiries with slices of half an hour before."""
    stage.refresh(keeper)
    one, eight = [], []
    for _ in range(REPEATS):
        stage.chain.at(stage.chain.now + 1800)
        stage.chain.post(SPOT)
        one.append(keeper.send("VolatilityOracle", "post", *stage.report(EXPIRIES[4:5])))
        stage.chain.at(stage.chain.now + 1)
        eight.append(keeper.send("VolatilityOracle", "post", *stage.report(EXPIRIES[1:9])))
        stage.chain.at(stage.chain.now + 1)
        stage.refresh(keeper)
    actions.figures["post_surface"] = median(one)
    actions.figures["post_surface_batch8_each"] = round(median(eight) / 8)


def _requests(stage: Stage, depositor: Person, keeper: Person, actions: Actions) -> None:
    """An owner who holds shares already."""
    asked, claimed, processed = [], [], []
    owner = depositor.address
    for _ in range(REPEATS):
        asked.append(depositor.send("OptionVault", "requestDeposit", WAD, owner, owner, at=stage.vault))
        stage.chain.at(stage.chain.now + NOTICE)
        stage.chain.post(SPOT)
        processed.append(keeper.send("OptionVault", "process", 1, at=stage.vault))
        claimed.append(
            depositor.send("OptionVault", "deposit(uint256,address,address)", WAD, owner, owner, at=stage.vault)
        )
    actions.figures["deposit_request"] = median(asked)
    actions.figures["claim"] = median(claimed)
    actions.beside["process one deposit, nothing open"] = median(processed)


def _buy(stage: Stage, buyer: Person, series: int) -> str:
    arguments = (series, WAD, 10 * WAD, buyer.address, NEVER, FREE_BALANCE)
    return buyer.submit("OptionVault", "buy", *arguments, at=stage.vault)


def _sell(stage: Stage, buyer: Person, series: int) -> str:
    arguments = (series, WAD // 2, 0, buyer.address, NEVER, FREE_BALANCE)
    return buyer.submit("OptionVault", "sell", *arguments, at=stage.vault)


def _trades(stage: Stage, buyer: Person, keeper: Person, actions: Actions) -> None:
    """From the free balance, two in a block, right after a report: the older slice and the spot's band both count."""
    buyer.send("Clearinghouse", "setOperator", stage.vault, 1)
    stage.refresh(keeper)
    others = [stage.series(expiry, strike) for expiry in SOLD[:2] for strike in STRIKES[:8]]
    series = stage.series(SOLD[0], STRIKES[8])
    cold = [buyer.confirm(_buy(stage, buyer, each)).gas_used for each in (*others, series)]
    gas: dict[str, list[int]] = {}
    for _ in range(REPEATS):
        for side, trade in (("buy", _buy), ("sell", _sell)):
            with stage.one_block():
                first, again = trade(stage, buyer, series), trade(stage, buyer, series)
            for name, transaction in (("first", first), ("again", again)):
                gas.setdefault(f"{side} {name}", []).append(buyer.confirm(transaction).gas_used)
    actions.figures["vault_buy_first"] = median(gas["buy first"])
    actions.figures["vault_buy_again"] = median(gas["buy again"])
    actions.figures["vault_sell"] = median(gas["sell again"])
    actions.beside["sell, a block's first"] = median(gas["sell first"])
    actions.beside["buy a series that the vault had not open, a block's first"] = cold[-1]


def _writing(stage: Stage, writer: Person, holder: Person, actions: Actions) -> None:
    """A writer of sixteen other series; both sides know the series already."""
    others = [stage.series(expiry, strike) for expiry in SOLD[2:] for strike in STRIKES[:8]]
    series = stage.series(SOLD[2], STRIKES[8])
    cold = [
        writer.send("Clearinghouse", "write", writer.address, each, 2 * WAD, holder.address)
        for each in (*others, series)
    ]
    writer.send("Clearinghouse", "write", writer.address, series, 20 * WAD, writer.address)
    written, closed, moved, paid = [], [], [], []
    for _ in range(REPEATS):
        written.append(writer.send("Clearinghouse", "write", writer.address, series, WAD, holder.address))
        closed.append(writer.send("Clearinghouse", "close", writer.address, series, WAD, writer.address))
        moved.append(
            holder.send("OptionToken", "safeTransferFrom", holder.address, writer.address, series, WAD // 2, b"")
        )
        paid.append(writer.send("TestToken", "transfer", holder.address, WAD, at=stage.weth))
    actions.figures["write"] = median(written)
    actions.figures["close"] = median(closed)
    actions.beside["write a leg that the writer had not"] = cold[-1]
    actions.beside["OpenZeppelin ERC-1155 transfer of options"] = median(moved)
    actions.beside["OpenZeppelin ERC-20 transfer"] = median(paid)


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
    call = bytes.fromhex(load_abi("OptionVault").encode("netAssets")[2:])
    nothing = "0x" + "11" * 20
    stage.refresh(keeper)
    guarded, _ = bench.gas(stage.vault, nothing, [call] * 3)
    actions.beside["mark 64 series at both guarded sides, the older slices too"] = median(guarded)
    stage.chain.at(stage.chain.now + 600)
    guarded, _ = bench.gas(stage.vault, nothing, [call] * 3)
    actions.figures["mark_64_guarded"] = median(guarded)


def _settling(stage: Stage, writer: Person, keeper: Person, actions: Actions) -> None:
    """Two rounds within the window and the one in force at its start; then holders redeem all that they have."""
    holders = [stage.person(index) for index in (10, 11, 12, 13, 14)]
    series = stage.series(SOLD[2], STRIKES[0])
    for person in holders:
        writer.send("Clearinghouse", "write", writer.address, series, WAD, person.address)
        stage.chain.send("TestToken", "mint", person.address, WAD, at=stage.weth)
    gas = []
    for expiry in EXPIRIES[:6]:
        for before in (2400, 1200, 600):
            stage.chain.at(expiry - before)
            stage.chain.post(SPOT)
        last = stage.chain.latest_round()
        stage.chain.at(expiry + 61)
        stage.chain.post(SPOT)
        gas.append(keeper.send("Markets", "settle", 1, expiry, last))
    actions.figures["settle_price"] = median(gas)
    redeemed = [person.send("Clearinghouse", "redeem", series, WAD, person.address) for person in holders]
    actions.figures["redeem"] = median(redeemed)
