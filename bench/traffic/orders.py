"""Signed orders: makers' asks, filled in parts and cancelled."""

from __future__ import annotations

from bench.traffic.scene import MOST, NEVER, Holding, Scene
from optionix.instruments import Side
from optionix.orders import LimitKind, Order, sign_order


def _sign(scene: Scene) -> None:
    """A maker's ask that is filled in parts."""
    maker, series = scene.draw.choice(scene.makers), scene.some_series(vault=False)
    token = scene.chain.deployment.settlement_token(series.market, series.side)
    spot = scene.spot(series.market)
    per_contract = 0.01 * (1.0 if series.side is Side.CALL else spot)
    scene.nonce += 1
    order = Order(
        maker=maker.address,
        series=series.id,
        is_buy=False,
        use_book=True,
        kind=LimitKind.PREMIUM,
        premium_token=token.address,
        amount=10**18,
        limit=int(per_contract * 10**6) * 10**12,
        deadline=NEVER,
        nonce=scene.nonce,
    )
    scene.orders.append((order, sign_order(order, maker, scene.chain.deployment), 8))
    scene.orders = scene.orders[-40:]


def fill(scene: Scene) -> None:
    """An eighth of an order, a new one now and then."""
    if not scene.orders or scene.draw.random() < 0.12:
        _sign(scene)
    place = scene.draw.randrange(len(scene.orders))
    order, signature, left = scene.orders[place]
    taker = scene.draw.choice(scene.accounts)
    amount = 10**18 // 8
    take = {"amount": amount, "minAmount": 0, "limit": MOST, "receiver": taker, "useBook": False}
    scene.crowd.act(taker, "Exchange", "fill", order.struct(), signature, take)
    scene.held.append(Holding(taker, order.series, amount))
    if left == 1:
        scene.orders.pop(place)
    else:
        scene.orders[place] = (order, signature, left - 1)


def cancel(scene: Scene) -> None:
    """One order."""
    if scene.orders:
        order, _, _ = scene.orders.pop(scene.draw.randrange(len(scene.orders)))
        scene.crowd.act(order.maker, "Exchange", "cancel", order.nonce)
