"""What a crowd does in each block, about as in the demonstration: trades, books, orders, requests, settlement."""

from __future__ import annotations

from bench.traffic import beginning, keepers, money, orders, trades
from bench.traffic.scene import EXPIRIES, Pace, Scene
from optionix.local.chain import LocalChain

_MIX = {
    trades.buy: 12,
    trades.sell: 4,
    trades.write: 12,
    trades.close: 6,
    trades.transfer: 10,
    trades.spread: 2,
    orders.fill: 12,
    orders.cancel: 3,
    money.decide: 1,
    money.pay: 3,
    money.move_money: 12,
    money.lend: 8,
}
"""Shares of what the crowd does, about those of the demonstration."""
_ACTS, _WEIGHTS = list(_MIX), list(_MIX.values())


class Market:
    """A market in motion: `prepare` once, then `block` after block.

    Parameters
    ----------
    seed : of everything that is drawn.
    """

    def __init__(self, chain: LocalChain, pace: Pace, seed: int = 1) -> None:
        self._scene = Scene(chain, pace, seed)

    def prepare(self) -> None:
        """Listings, prices, surfaces, liquidity, everybody's money and rights."""
        self._scene.crowd.welcome(self._scene.everybody)
        self.resume()
        beginning.prepare(self._scene)

    def resume(self) -> None:
        """Take up a chain that was prepared before."""
        scene = self._scene
        scene.crowd.know(scene.everybody)
        scene.now = scene.chain.now
        scene.settled = scene.now > EXPIRIES[0]

    def block(self) -> None:
        """One block of traffic."""
        scene = self._scene
        scene.blocks += 1
        scene.now = scene.chain.now
        keepers.post_prices(scene)
        if scene.blocks % 20 == 0:
            keepers.post_surfaces(scene)
        for _ in range(scene.pace.acts):
            act = scene.draw.choices(_ACTS, _WEIGHTS)[0]
            act(scene)
        keepers.settle(scene)
        scene.crowd.mine()
