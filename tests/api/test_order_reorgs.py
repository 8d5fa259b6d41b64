"""Signed orders when the chain takes back what happened to them: each stands at every block as that block has it."""

from __future__ import annotations

from typing import Any

from optionix.instruments import Series, Side
from optionix.orders import Order
from tests.api.order_bench import NETTED, NONCES, PLAIN, TAKER, UNAPPROVED, Bench, ask, bench
from tests.indexer.life import CALL
from tests.support.chain import EXPIRY

__all__ = ["bench"]


def standing(bench: Bench, hashes: dict[str, str]) -> dict[str, tuple[str, str, str, str | None]]:
    """Each order as one answers it, which is how its maker's list has it, and as the book does."""
    found = {}
    bids, asks = bench.book()
    for what, each in hashes.items():
        view = bench.order(each)
        listed = bench.api.get("/v1/orders", params={"maker": view["maker"]}).json()["orders"]
        assert next(one for one in listed if one["hash"] == each) == view
        assert (each in [*bids, *asks]) == (view["status"] == "open"), what
        found[what] = (view["status"], view["filled"], view["fillable"], view["reason"])
    return found


def test_what_a_reorg_takes_back_is_open_again(bench: Bench) -> None:
    """Filled, filled in part, cancelled, below a floor, without funds, replaced by another: and back, and again."""
    chain = bench.chain
    plain, netted, taker, poor = (chain.client(number) for number in (PLAIN, NETTED, TAKER, UNAPPROVED))
    poor.ready_to_trade()
    bench.index()
    sent: dict[str, tuple[Order, bytes]] = {
        what: ask(client, "0.4")
        for what, client in (("filled", plain), ("part", plain), ("cancelled", plain), ("floor", netted))
    }
    order = poor.premium_order(CALL, "4", "100", is_buy=True, premium_token="USDC", nonce=next(NONCES))
    sent["unfunded"] = (order, poor.sign(order))
    sent["replaced"] = ask(plain, "0.3")
    hashes = {what: bench.taken(*signed)["hash"] for what, signed in sent.items()}
    before = standing(bench, hashes)
    assert {status for status, *_ in before.values()} == {"open"}
    snapshot = chain.rpc.call("evm_snapshot")

    def happen() -> None:
        taker.fill(*sent["filled"], "0.4")
        taker.fill(*sent["part"], "0.1")
        plain.cancel_order(sent["cancelled"][0].nonce)
        netted.cancel_orders_below(sent["floor"][0].nonce + 1)
        poor.withdraw("USDC", "500")
        other = ask(plain, "0.1", nonce=sent["replaced"][0].nonce)
        taker.fill(*other, "0.05")

    happen()
    bench.index()
    after = standing(bench, hashes)
    assert {what: (status, reason) for what, (status, _, _, reason) in after.items()} == {
        "filled": ("filled", "BadAmount"),
        "part": ("open", None),
        "cancelled": ("cancelled", "NonceCancelled"),
        "floor": ("cancelled", "NonceBelowFloor"),
        "unfunded": ("unfunded", "NotFunded"),
        "replaced": ("cancelled", "NonceBound"),
    }
    assert after["part"][1] == "0.1"
    chain.rpc.call("evm_revert", snapshot)
    chain.forget_senders()
    plain, netted, taker, poor = (chain.client(number) for number in (PLAIN, NETTED, TAKER, UNAPPROVED))
    chain.mine(2)
    bench.index()
    assert standing(bench, hashes) == before
    happen()
    bench.index()
    assert standing(bench, hashes) == after


def test_a_series_whose_listing_is_taken_back(bench: Bench) -> None:
    """Its orders are kept, say why they do not trade, and come back with it."""
    chain = bench.chain
    snapshot = chain.rpc.call("evm_snapshot")
    series = Series(1, Side.CALL, EXPIRY, 1650 * 10**8)

    def listed() -> None:
        chain.send("Markets", "listSeries", [series.id])

    listed()
    bench.index()
    client = chain.client(PLAIN)
    name = "ETH-7MAR23-1650-C"
    order = client.premium_order(name, "0.1", "0.01", is_buy=True, nonce=next(NONCES))
    view = bench.taken(order, client.sign(order))
    assert (view["status"], bench.book(name)[0]) == ("open", [view["hash"]])
    chain.rpc.call("evm_revert", snapshot)
    chain.forget_senders()
    chain.mine(2)
    bench.index()
    gone: Any = bench.api.get(f"/v1/orders/{view['hash']}")
    assert gone.status_code == 404 and "taken back" in gone.json()["detail"], gone.text
    hashes = [each["hash"] for each in bench.api.get("/v1/orders", params={"maker": view["maker"]}).json()["orders"]]
    assert view["hash"] not in hashes
    listed()
    bench.index()
    assert bench.order(view["hash"])["status"] == "open"


def test_an_order_that_leaves_the_book_by_a_reorg_is_pushed(bench: Bench) -> None:
    client = bench.chain.client(TAKER)
    snapshot = bench.chain.rpc.call("evm_snapshot")
    order = client.premium_order(CALL, "1", "0.0007", is_buy=True, nonce=next(NONCES))
    view = bench.taken(order, client.sign(order))
    with bench.api.websocket_connect("/ws") as socket:
        socket.send_json({"op": "subscribe", "channels": [f"book.{CALL}"]})
        assert socket.receive_json()["type"] == "snapshot"

        def until(shown: bool) -> int:
            while True:
                message = socket.receive_json()
                if (view["hash"] in [each["hash"] for each in message["data"]["bids"]]) == shown:
                    return int(message["block"]["number"])

        client.cancel_order(order.nonce)
        bench.index()
        cancelled = until(shown=False)
        bench.chain.rpc.call("evm_revert", snapshot)
        bench.chain.forget_senders()
        bench.index()
        assert until(shown=True) < cancelled
