"""A market that trades on while its chain takes blocks back: transactions removed, moved, replaced."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from optionix.errors import UserError
from tests.indexer.life import CALL, FINAL_DEPTH_SLOTS, OTHER_CALL, PUT, UPPER_CALL, World

FINAL_DEPTH = 2 * FINAL_DEPTH_SLOTS


class Storm:
    """Acts and reorgs on a world's chain, drawn from a seed.

    Attributes
    ----------
    done : how often each act and each kind of reorg happened; `refused` counts acts that the contracts refused, because
        what they built on was taken back.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._highest = world.head
        self._acts: list[Callable[[], object]] = [
            self._buy, self._buy, self._sell, self._write, self._close, self._pay, self._deposit, self._transfer,
            self._round, self._round, self._surface, self._fill, self._cancel, self._request, self._empty,
        ]  # fmt: skip
        self._reorgs: list[Callable[[int], None]] = [self._removed, self._replaced, self._moved, self._snapshot]

    def prepare(self) -> None:
        """A market that can trade, all of it final: no reorg takes it back."""
        world = self.world
        world.fund()
        for index in (5, 6, 7, 8, 9):
            client = world.client(index)
            client.deposit("WETH", "300")
            client.deposit("USDC", "100000")
        for index in (5, 9):
            world.client(index).ready_to_trade(selling=True)
        world.client(7).buy(CALL, "5")
        world.client(8).buy(PUT, "3")
        world.client(8).write(OTHER_CALL, "2")
        world.mine(FINAL_DEPTH + 1)
        self._see()

    def act(self, count: int = 1) -> None:
        """Some acts, each a transaction or a few."""
        for _ in range(count):
            what = self.chance.choice(self._acts)
            try:
                what()
                self.done[what.__name__.strip("_")] += 1
            except UserError:
                # What it needed is gone with a reorg, and so perhaps are nonces.
                self.done["refused"] += 1
                self.world.forget_senders()
        self._see()

    def reorganise(self, kind: str | None = None) -> int:
        """One reorg, never deeper than what was final; its depth."""
        head = self.world.head
        self._see()
        deepest = head - (self._highest - FINAL_DEPTH) - 1
        if deepest < 1:
            self.act(3)
            return 0
        depth = min(self.chance.choice((1, 1, 2, 3, 5, 8, 13, 20, 30)), deepest)
        how = self.chance.choice(self._reorgs) if kind is None else getattr(self, f"_{kind}")
        how(depth)
        self.world.forget_senders()
        self.done[f"reorg {how.__name__.strip('_')}"] += 1
        self._see()
        return depth

    @property
    def reorgs(self) -> int:
        """How many there were."""
        return sum(count for name, count in self.done.items() if name.startswith("reorg "))

    def settle(self) -> None:
        """A block with a round that is above all that the chain ever had: heads of before are not waited for."""
        self.world.forget_senders()
        while self.world.head <= self._highest:
            self.world.mine(1)
        self.world.post(1555)
        self._see()

    def _see(self) -> None:
        self._highest = max(self._highest, self.world.head)

    # --- reorgs ---

    def _removed(self, depth: int) -> None:
        """As many empty blocks come in their place."""
        self.world.rpc.call("anvil_reorg", depth, [])

    def _replaced(self, depth: int) -> None:
        """Other transactions come in their place, in fewer, as many or more blocks."""
        self.world.rpc.call("anvil_rollback", depth)
        self.world.forget_senders()
        self._see()
        self.act(self.chance.randrange(1, depth + 2))

    def _snapshot(self, depth: int) -> None:
        """What happened since a snapshot is taken back, other things happen."""
        snapshot = self.world.rpc.call("evm_snapshot")
        self.act(min(depth, 4))
        self.world.rpc.call("evm_revert", snapshot)
        self.world.forget_senders()
        self.act(self.chance.randrange(1, 4))

    def _moved(self, depth: int) -> None:
        """The same transactions in other blocks, the last of them sometimes lost."""
        rpc, head = self.world.rpc, self.world.head
        raw = [
            rpc.call("eth_getRawTransactionByHash", text)
            for number in range(head - depth + 1, head + 1)
            for text in rpc.call("eth_getBlockByNumber", hex(number), False)["transactions"]
        ]
        rpc.call("anvil_rollback", depth)
        rpc.call("evm_setAutomine", False)
        try:
            if self.chance.random() < 0.5:
                rpc.call("evm_mine")
            kept = raw[: len(raw) - self.chance.randrange(0, 3)]
            while kept:
                size = self.chance.randrange(1, 4)
                for text in kept[:size]:
                    try:
                        rpc.call("eth_sendRawTransaction", text)
                    except UserError:
                        self.done["not moved"] += 1
                del kept[:size]
                rpc.call("evm_mine")
        finally:
            rpc.call("evm_setAutomine", True)
        rpc.call("evm_mine")

    # --- acts ---

    def _some(self, low: float, high: float) -> str:
        return f"{self.chance.uniform(low, high):.4f}"

    def _buy(self) -> None:
        buyer = self.world.client(self.chance.choice((7, 8)))
        buyer.buy(self.chance.choice((CALL, OTHER_CALL, PUT)), self._some(0.01, 0.3))

    def _sell(self) -> None:
        self.world.client(7).sell(CALL, self._some(0.01, 0.05))

    def _write(self) -> None:
        self.world.client(self.chance.choice((6, 8))).write(self.chance.choice((CALL, OTHER_CALL)), self._some(0.05, 1))

    def _close(self) -> None:
        self.world.client(8).close_written(OTHER_CALL, "0.01")

    def _pay(self) -> None:
        client, token = self.world.client(6), self.world.deployment.token("USDC").address
        receiver = self.world.client(self.chance.choice((7, 8, 9))).address
        client.transact("Clearinghouse", "pay", client.address, receiver, token, self.chance.randrange(1, 10**6))

    def _deposit(self) -> None:
        client = self.world.client(self.chance.choice((5, 6, 7, 8, 9)))
        if self.chance.random() < 0.7:
            client.deposit("WETH", self._some(0.01, 2))
        else:
            client.withdraw("WETH", self._some(0.01, 1))

    def _transfer(self) -> None:
        self.world.client(7).transfer(CALL, "0.01", self.world.client(self.chance.choice((5, 6, 9))).address)

    def _round(self) -> None:
        self.world.post(self.chance.randrange(1540, 1590))

    def _surface(self) -> None:
        self.world.post_surface(self.chance.uniform(0.55, 0.65))

    def _fill(self) -> None:
        maker, taker = self.world.client(5), self.world.client(9)
        order = maker.premium_order(
            UPPER_CALL, "1", "0.02", is_buy=False, use_book=True, nonce=self.chance.randrange(1, 2**62)
        )
        taker.fill(order, maker.sign(order), self._some(0.05, 0.5))

    def _cancel(self) -> None:
        self.world.client(9).cancel_order(self.chance.randrange(1, 2**62))

    def _request(self) -> None:
        client = self.world.client(6)
        request = client.request_deposit("ETH-C", self._some(1, 3))
        if self.chance.random() < 0.5:
            client.cancel_deposit("ETH-C", request)

    def _empty(self) -> None:
        self.world.mine(self.chance.randrange(1, 4))
