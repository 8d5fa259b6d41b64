"""Trades with the vault and without, and books."""

from __future__ import annotations

from bench.traffic.scene import EXPIRIES, FREE, MOST, NEVER, STEP, Holding, Scene
from optionix.instruments import Series


def buy(scene: Scene) -> None:
    """From the vault."""
    series, account = scene.some_series(vault=True), scene.draw.choice(scene.accounts)
    amount = scene.draw.randrange(2, 40) * 10**16
    scene.crowd.act(
        account, "OptionVault", "buy", series.id, amount, MOST, account, NEVER, FREE, at=scene.vault(series)
    )
    scene.bought.append(Holding(account, series.id, amount))


def sell(scene: Scene) -> None:
    """A part of what was bought, to the vault."""
    held = scene.some(scene.bought)
    if held is None:
        return
    amount = held.amount // 2 // STEP * STEP
    held.amount -= amount
    vault = scene.vault(Series.from_id(held.series))
    scene.crowd.act(held.account, "OptionVault", "sell", held.series, amount, 0, held.account, NEVER, FREE, at=vault)


def write(scene: Scene) -> None:
    """Into a book, for oneself or another."""
    series, writer = scene.some_series(vault=False), scene.draw.choice(scene.accounts)
    receiver = scene.draw.choice((writer, scene.draw.choice(scene.accounts)))
    amount = scene.draw.randrange(5, 60) * 10**16
    scene.writers.append(Holding(writer, series.id, amount))
    scene.crowd.act(writer, "Clearinghouse", "write", writer, series.id, amount, receiver)
    (scene.written if receiver == writer else scene.held).append(Holding(receiver, series.id, amount))


def close(scene: Scene) -> None:
    """A part of what was written for oneself."""
    held = scene.some(scene.written)
    if held is None:
        return
    amount = held.amount // 3 // STEP * STEP
    held.amount -= amount
    scene.crowd.act(held.account, "Clearinghouse", "close", held.account, held.series, amount, held.account)


def transfer(scene: Scene) -> None:
    """A part, to another."""
    held = scene.some(scene.held)
    if held is None:
        return
    amount, taker = held.amount // 3 // STEP * STEP, scene.draw.choice(scene.accounts)
    held.amount -= amount
    scene.crowd.act(held.account, "OptionToken", "safeTransferFrom", held.account, taker, held.series, amount, b"")


def spread(scene: Scene) -> None:
    """A netted book: a long bought from the vault and placed, another strike written, a part taken back."""
    bought, account = scene.some_series(vault=True), scene.draw.choice(scene.accounts)
    if (account, bought.book_key) in scene.netted or bought.expiry == EXPIRIES[0]:
        return
    scene.netted.add((account, bought.book_key))
    amount = 5 * 10**17
    crowd = scene.crowd
    vault = scene.vault(bought)
    crowd.act(account, "OptionVault", "buy", bought.id, amount, MOST, account, NEVER, FREE, at=vault)
    crowd.act(account, "Clearinghouse", "net", account, bought.book_key, [])
    crowd.act(account, "Clearinghouse", "place", account, bought.id, amount)
    listed = [each for each in scene.series(bought.market, bought.side, bought.expiry) if each != bought]
    crowd.act(account, "Clearinghouse", "write", account, scene.draw.choice(listed).id, amount // 2, account)
    crowd.act(account, "Clearinghouse", "takeBack", account, bought.id, amount // 5, account)
