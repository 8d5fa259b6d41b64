"""A vault from its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.rebuild.replica import NOBODY, Answer, Replica

WAD = 10**18


@dataclass
class Request:
    """A request in the unit of its queue: assets of a deposit, shares of a redemption."""

    controller: str
    pending: int
    filled: int = 0
    start: int = 0


@dataclass
class Queue:
    """Requests, and what was processed and is not claimed, by controller."""

    requests: dict[int, Request] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    total: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def fill(self, request_id: int, units: int, assets: int, shares: int) -> None:
        """A part of a request was processed."""
        request = self.requests[request_id]
        if request.filled == 0:
            request.start = self.total[request.controller]
        request.pending -= units
        request.filled += units
        self.total[request.controller] += units
        self.assets[request.controller] += assets
        self.shares[request.controller] += shares

    def claim(self, controller: str, assets: int, shares: int) -> None:
        """A controller took what was processed."""
        self.assets[controller] -= assets
        self.shares[controller] -= shares

    def claimable(self, request: Request, unclaimed: int) -> int:
        """Units of a request that were processed and not claimed: the oldest are claimed first."""
        claimed = self.total[request.controller] - unclaimed
        return min(request.filled, max(request.start + request.filled - claimed, 0))


class VaultReplica(Replica):
    """Shares, both queues, the vault's own ledger, what it wrote, and its parameters."""

    derived: ClassVar[dict[str, str]] = {
        "CANCEL_AFTER_SECONDS": "a constant",
        "MAX_SERIES": "a constant",
        "UNPRICED_SECONDS": "a constant",
        "VIRTUAL_ASSETS": "a constant",
        "asset": "an immutable of the deployment",
        "clearinghouse": "an immutable of the deployment",
        "convertToAssets": "a formula over the marks",
        "convertToShares": "a formula over the marks",
        "decimals": "a constant",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "market": "an immutable of the deployment",
        "markets": "an immutable of the deployment",
        "name": "an immutable of the deployment",
        "netAssets": "the marks of the open series at this moment",
        "previewDeposit": "refuses, as ERC-7540 has it",
        "previewMint": "refuses, as ERC-7540 has it",
        "previewRedeem": "refuses, as ERC-7540 has it",
        "previewWithdraw": "refuses, as ERC-7540 has it",
        "pricer": "an immutable of the deployment",
        "quoteBuy": "a formula over the marks",
        "quoteSell": "a formula over the marks",
        "request": "pending and claimable of a request, compared; its notice by the parameters when it came",
        "scale": "an immutable of the deployment",
        "share": "the vault itself",
        "side": "an immutable of the deployment",
        "supportsInterface": "a constant",
        "symbol": "an immutable of the deployment",
        "totalAssets": "the marks of the open series at this moment",
        "vault": "the vault itself, for its asset",
        "volatilityOracle": "an immutable of the deployment",
    }

    def __init__(self, *args: Any, side: int, decimals: int) -> None:
        super().__init__(*args)
        self.side, self.scale = side, 10 ** (18 - decimals)
        self.deposits, self.redemptions = Queue(), Queue()
        self.balances: dict[str, int] = defaultdict(int)
        self.allowances: dict[tuple[str, str], int] = {}
        self.operators: dict[tuple[str, str], bool] = {}
        self.written: dict[int, int] = {}
        self.trades: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.supply = self.free = self.locked = self.short_vega = 0
        self.params: dict[str, int] = {}
        self.fees: dict[str, int] = {}
        self.trades_paused = self.deposits_paused = False
        self.authority = NOBODY

    def on_authority_updated(self, authority: str) -> None:
        self.authority = authority

    # --- shares ---

    def on_transfer(self, **told: Any) -> None:
        giver, taker, shares = told["from"], told["to"], told["value"]
        if giver == NOBODY:
            self.supply += shares
        else:
            self.balances[giver] -= shares
        if taker == NOBODY:
            self.supply -= shares
        else:
            self.balances[taker] += shares

    def on_approval(self, owner: str, spender: str, value: int) -> None:
        self.allowances[owner, spender] = value

    def on_operator_set(self, controller: str, operator: str, approved: bool) -> None:
        self.operators[controller, operator] = approved

    # --- requests ---

    def on_deposit_request(self, controller: str, request_id: int, assets: int, **_: Any) -> None:
        self.deposits.requests[request_id] = Request(controller, assets)
        self.free += assets

    def on_redeem_request(self, controller: str, request_id: int, shares: int, **_: Any) -> None:
        self.redemptions.requests[request_id] = Request(controller, shares)

    def on_deposit_processed(self, request_id: int, controller: str, assets: int, shares: int) -> None:
        assert controller == self.deposits.requests[request_id].controller
        self.deposits.fill(request_id, assets, assets, shares)

    def on_redeem_processed(self, request_id: int, controller: str, shares: int, assets: int, whole: bool) -> None:
        assert controller == self.redemptions.requests[request_id].controller
        self.redemptions.fill(request_id, shares, assets, shares)
        assert whole == (self.redemptions.requests[request_id].pending == 0)

    def on_deposit_cancelled(self, request_id: int, controller: str, assets: int) -> None:
        del controller
        self.deposits.requests[request_id].pending -= assets
        self.free -= assets

    def on_redeem_cancelled(self, request_id: int, controller: str, shares: int) -> None:
        del controller
        self.redemptions.requests[request_id].pending -= shares

    def on_deposit(self, sender: str, owner: str, assets: int, shares: int) -> None:
        del owner  # ERC-7540: the sender is the controller
        self.deposits.claim(sender, assets, shares)

    def on_withdraw(self, sender: str, receiver: str, owner: str, assets: int, shares: int) -> None:
        del sender, receiver  # ERC-7540: the owner is the controller
        self.redemptions.claim(owner, assets, shares)
        self.free -= assets

    # --- trades ---

    def on_bought(
        self, series: int, amount: int, premium: int, performance_fee: int, short_vega_wad: int, locked: int, **_: Any
    ) -> None:
        self.trades[self.place] = (series, amount, premium)
        self.written[series] = self.written.get(series, 0) + amount
        self.free += premium - performance_fee - (locked - self.locked)
        self.locked, self.short_vega = locked, short_vega_wad

    def on_sold_back(self, series: int, amount: int, premium: int, short_vega_wad: int, locked: int, **_: Any) -> None:
        self.trades[self.place] = (series, amount, premium)
        self.written[series] -= amount
        self.free -= premium + (locked - self.locked)
        self.locked, self.short_vega = locked, short_vega_wad

    def on_rebased(self, net_assets: int, short_vega_wad: int) -> None:
        del net_assets
        self.short_vega = short_vega_wad

    def on_series_released(self, series: int, owed: int) -> None:
        collateral, self.written[series] = self._collateral(series, self.written[series]), 0
        self.locked -= collateral
        self.free += collateral - owed

    def _collateral(self, series: int, amount: int) -> int:
        """What a plain written leg locks: a base each for calls, the strike each for puts, rounded up."""
        strike_wad = (series & 2**64 - 1) * 10**10
        wad = amount * strike_wad // WAD + (amount * strike_wad % WAD > 0) if self.side else amount
        return -(-wad // self.scale)

    # --- parameters ---

    def on_params_set(self, params: dict[str, int]) -> None:
        self.params = params

    def on_fees_set(self, fees: dict[str, int]) -> None:
        self.fees = fees

    def on_trades_paused(self, paused: bool) -> None:
        self.trades_paused = paused

    def on_deposits_paused(self, paused: bool) -> None:
        self.deposits_paused = paused

    def answers(self) -> Iterator[Answer]:
        deposits, redemptions = self.deposits, self.redemptions
        pending_assets = sum(request.pending for request in deposits.requests.values())
        pending_shares = sum(request.pending for request in redemptions.requests.values())
        claimable_assets, claimable_shares = sum(redemptions.assets.values()), sum(deposits.shares.values())
        yield "authority", (), self.authority
        yield "totalSupply", (), self.supply
        yield "queueTotals", (), (pending_assets, pending_shares, claimable_assets, claimable_shares)
        yield "idleAssets", (), self.free - pending_assets - claimable_assets
        yield "lockedAssets", (), self.locked
        yield "shortVegaWad", (), self.short_vega
        yield "params", (), self.params
        yield "fees", (), self.fees
        yield "tradesPaused", (), self.trades_paused
        yield "depositsPaused", (), self.deposits_paused
        yield "openSeries", (), {series for series, amount in self.written.items() if amount}
        for series, amount in self.written.items():
            yield "written", (series,), amount
        for account, shares in self.balances.items():
            yield "balanceOf", (account,), shares
        nothing = {(account, self.address): 0 for account in self.balances}
        for (owner, spender), value in (nothing | self.allowances).items():
            yield "allowance", (owner, spender), value
        nobody = {(account, self.address): False for account in self.balances}
        for (controller, operator), approved in (nobody | self.operators).items():
            yield "isOperator", (controller, operator), approved
        for request_id, request in deposits.requests.items():
            at = (request_id, request.controller)
            yield "pendingDepositRequest", at, request.pending
            unclaimed = deposits.assets[request.controller]
            yield "claimableDepositRequest", at, deposits.claimable(request, unclaimed)
            yield "maxDeposit", (request.controller,), unclaimed
            yield "maxMint", (request.controller,), deposits.shares[request.controller]
        for request_id, request in redemptions.requests.items():
            at = (request_id, request.controller)
            yield "pendingRedeemRequest", at, request.pending
            unclaimed = redemptions.shares[request.controller]
            yield "claimableRedeemRequest", at, redemptions.claimable(request, unclaimed)
            yield "maxRedeem", (request.controller,), unclaimed
            yield "maxWithdraw", (request.controller,), redemptions.assets[request.controller]
