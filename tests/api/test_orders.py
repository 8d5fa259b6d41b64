"""Signed orders over a real chain and real tables: taken in or refused, shown at what they execute at, followed."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from eth_account.messages import encode_typed_data
from starlette.testclient import TestClient

from api.app import create_app
from api.money import decimal_string, units
from api.orders import acceptance
from api.orders.message import OrderMessage
from optionix.client import Client
from optionix.orders import LimitKind, Order
from optionix.orders.pricing import AMOUNT_UNIT
from optionix.settings import Settings
from tests.api.order_bench import NETTED, NONCES, PLAIN, TAKER, UNAPPROVED, WAD, Bench, ask, bench, bid
from tests.indexer.life import CALL, LOWER_PUT, OTHER_CALL, PUT, World

__all__ = ["bench"]


@pytest.fixture
def maker(bench: Bench) -> Client:
    """Writes calls."""
    return bench.chain.client(PLAIN)


def drawn(chain: World, draw: random.Random) -> tuple[Order, bytes]:
    """Any order of any maker: both kinds, sides and tokens, with amounts that can be paid for in part."""
    client = chain.client(draw.choice((PLAIN, NETTED, NETTED, UNAPPROVED)))
    name = draw.choice((CALL, OTHER_CALL, PUT, LOWER_PUT))
    token = draw.choice(("WETH", "USDC"))
    shared: dict[str, Any] = {
        "is_buy": draw.random() < 0.5,
        "use_book": draw.random() < 0.8,
        "premium_token": token,
        "nonce": next(NONCES),
    }
    amount = decimal_string(draw.randrange(1, 12 * 10**8) * 10**10, 18)
    if draw.random() < 0.4:
        price = draw.choice(("0.0000000123", "0.02", "0.9")) if token == "WETH" else draw.choice(("0.001", "35", "900"))
        order = client.premium_order(name, amount, price, **shared)
    else:
        slack = draw.choice((0, 10**6))
        order = client.volatility_order(
            name, amount, draw.choice(("0.3", "0.62", "2.5")), **shared,
            min_spot=draw.choice(("1000", "1600")), max_spot="2000", max_feed_age=draw.choice((1, 10**6)),
            stored_carry=draw.random() < 0.3, min_carry=-slack, max_carry=slack,
            spot_edge=draw.choice((0, 2 * 10**16)), min_premium=draw.choice((0, 10**16)),
        )  # fmt: skip
    return order, client.sign(order)


def test_prices_and_funds_are_those_of_a_fill(bench: Bench) -> None:
    """Against the contracts themselves: what the lens, which simulates fills for a taker with funds, says of each."""
    draw = random.Random(11)
    orders = [drawn(bench.chain, draw) for _ in range(60)]
    taker = bench.chain.client(TAKER)
    statuses: dict[str, int] = {}
    for (order, signature), lens in zip(orders, taker.order_views(orders, taker=taker.address), strict=True):
        answer = bench.post(order, signature)
        if answer.status_code == 422:
            told = answer.json()
            assert (told["code"], told["reason"]) == ("order_refused", "NotFunded"), told
            assert lens.fillable == 0, order
            statuses["refused"] = statuses.get("refused", 0) + 1
            continue
        view = answer.json()["order"]
        statuses[view["status"]] = statuses.get(view["status"], 0) + 1
        assert view["hash"] == "0x" + lens.hash.hex()
        if view["price"] is None:
            assert view["status"] == "unpriced" and lens.refusal is not None, order
            assert view["reason"] == lens.refusal.name
        else:
            assert lens.refusal is None and view["price"] == decimal_string(lens.price, 18), order
        fillable = units(view["fillable"], 18)
        assert lens.fillable <= fillable, "the lens halves a few times only, and stays below"
        for amount in (fillable, fillable + AMOUNT_UNIT) if fillable else ():
            refusal = taker.quote_fill(order, signature, Decimal(amount) / WAD, min_amount=amount).refusal
            assert (refusal is None) == (amount == fillable), (order, view, refusal)
    assert statuses.keys() == {"open", "unpriced", "refused"} and min(statuses.values()) >= 5, statuses


def test_a_book_has_the_best_first(bench: Bench, maker: Client) -> None:
    """In the settlement asset, whatever the premium is paid in."""
    name, sign = LOWER_PUT, maker.sign
    shared: dict[str, Any] = {"is_buy": True, "premium_token": "USDC"}
    prices = {"12": "USDC", "0.009": "WETH", "13": "USDC", "11": "USDC"}
    hashes = {}
    for price, token in prices.items():
        order = maker.premium_order(name, "0.1", price, **shared | {"premium_token": token, "nonce": next(NONCES)})
        hashes[bench.taken(order, sign(order))["hash"]] = price
    bids, _ = bench.book(name)
    assert [hashes[each] for each in bids if each in hashes] == ["0.009", "13", "12", "11"], "0.009 ETH are 14 USDC"


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "an amount of nothing": ("BadAmount", {"amount": 0}),
    "a grain too fine": ("BadAmount", {"amount": WAD + 1}),
    "more than the field holds": ("BadAmount", {"amount": 2**127}),
    "another token": ("BadPremiumToken", {"premium_token": "0x" + "11" * 20}),
    "only for its maker": ("SelfTrade", {"taker": "maker"}),
    "over": ("DeadlinePassed", {"deadline": 1_000_000}),
    "a volatility above the highest": ("VolatilityOutOfRange", {"kind": LimitKind.VOLATILITY, "limit": 10 * WAD + 1}),
    "an edge of all": ("SpotEdgeOutOfRange", {"kind": LimitKind.VOLATILITY, "limit": WAD, "spot_edge": WAD}),
    "a range of spot without inside": ("SpotOutOfRange", {"kind": LimitKind.VOLATILITY, "limit": WAD, "min_spot": 1}),
    "more than it can lock": ("NotFunded", {"maker": UNAPPROVED}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_never_fills_is_refused(bench: Bench, maker: Client, what: str) -> None:
    reason, changes = REFUSED[what]
    signer = bench.chain.client(changes["maker"]) if "maker" in changes else maker
    changed = {"taker": maker.address} if changes.get("taker") == "maker" else changes
    order = replace(ask(maker)[0], **changed | {"maker": signer.address})
    answer = bench.post(order, signer.sign(order))
    assert answer.status_code == 422, answer.text
    assert (answer.json()["code"], answer.json()["reason"]) == ("order_refused", reason)
    assert answer.json()["detail"]
    assert bench.api.get(f"/v1/orders/0x{signer.order_hash(order).hex()}").status_code == 404


def test_a_signature_counts_for_what_was_signed_alone(bench: Bench, maker: Client) -> None:
    order, signature = ask(maker)
    forged = {
        "another amount": (replace(order, amount=order.amount * 2), signature),
        "another key": (order, bench.chain.client(TAKER).sign(order)),
        "cut": (order, signature[:-1]),
        "its second form": (order, signature[:32] + bytes(31) + b"\x01" + signature[64:]),
    }
    for what, (sent, by) in forged.items():
        answer = bench.post(sent, by)
        assert (answer.status_code, answer.json().get("reason")) == (422, "BadSignature"), what


def test_a_message_that_is_not_one(bench: Bench, maker: Client) -> None:
    order, signature = ask(maker)
    message, signed = OrderMessage.of(order).model_dump(), "0x" + signature.hex()
    bad: list[dict[str, Any]] = [
        {"order": message | {"amount": "1.5"}, "signature": signed},
        {"order": message | {"amount": str(2**128)}, "signature": signed},
        {"order": message | {"nonce": -1}, "signature": signed},
        {"order": message | {"kind": 2}, "signature": signed},
        {"order": message | {"extra": 1}, "signature": signed},
        {"order": message | {"maker": "0x12"}, "signature": signed},
        {"order": {name: value for name, value in message.items() if name != "isBuy"}, "signature": signed},
        {"order": message, "signature": "0x"},
        {"order": message, "signature": "0x" + "00" * 5_000},
        {"order": message},
    ]
    for body in bad:
        answer = bench.api.post("/v1/orders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), body
    unlisted = replace(order, series=order.series + 1)
    assert bench.post(unlisted, maker.sign(unlisted)).status_code == 404


def test_sent_again_it_is_the_same_order(bench: Bench, maker: Client) -> None:
    order, signature = ask(maker)
    with ThreadPoolExecutor(4) as pool:
        views = list(pool.map(lambda _: bench.taken(order, signature), range(4)))
    assert len({view["hash"] for view in views}) == 1
    stored = bench.api.get("/v1/orders", params={"maker": maker.address}).json()["orders"]
    assert [view["hash"] for view in stored].count(views[0]["hash"]) == 1


def test_filled_cancelled_and_below_the_floor(bench: Bench) -> None:
    """Each leaves the book with its block, and says why."""
    client, taker = bench.chain.client(NETTED), bench.chain.client(TAKER)
    first, signed = ask(client, "0.4")
    hashes = [bench.taken(first, signed)["hash"]]
    for _ in range(2):
        hashes.append(bench.taken(*ask(client, "0.1"))["hash"])
    assert set(hashes) <= set(bench.book()[1])
    taker.fill(first, signed, "0.3")
    bench.index()
    view = bench.order(hashes[0])
    assert (view["status"], view["filled"], view["remaining"]) == ("open", "0.3", "0.1")
    taker.fill(first, signed, "0.1")
    client.cancel_order(int(bench.order(hashes[1])["order"]["nonce"]))
    bench.index()
    assert [bench.order(each)["status"] for each in hashes] == ["filled", "cancelled", "open"]
    assert bench.order(hashes[1])["reason"] == "NonceCancelled"
    client.cancel_orders_below(int(bench.order(hashes[2])["order"]["nonce"]) + 1)
    bench.index()
    assert bench.order(hashes[2])["reason"] == "NonceBelowFloor"
    assert not set(hashes) & set(bench.book()[1])
    for order, signature in ((first, signed), ask(client, nonce=5)):
        assert bench.post(order, signature).json().get("reason", "known") in ("known", "NonceBelowFloor")
    assert bench.post(*ask(client, nonce=5)).json()["reason"] == "NonceBelowFloor"


def test_lost_funds_take_it_out_within_a_block_and_back(bench: Bench) -> None:
    client = bench.chain.client(UNAPPROVED)
    client.ready_to_trade()
    bench.index()
    order = client.premium_order(CALL, "4", "100", is_buy=True, premium_token="USDC", nonce=next(NONCES))
    view = bench.taken(order, client.sign(order))
    assert view["fillable"] == "4"
    client.withdraw("USDC", "400")
    bench.index()
    assert bench.order(view["hash"])["fillable"] == "1"
    client.withdraw("USDC", "100")
    bench.index()
    assert (bench.order(view["hash"])["status"], bench.order(view["hash"])["reason"]) == ("unfunded", "NotFunded")
    assert view["hash"] not in bench.book()[0]
    client.deposit("USDC", "200")
    bench.index()
    assert bench.order(view["hash"])["fillable"] == "2"
    client.transact("Clearinghouse", "setOperator", bench.chain.deployment.address("Exchange"), 0)
    bench.index()
    assert bench.order(view["hash"])["status"] == "unfunded", "the Exchange may no longer act for it"


def test_an_account_with_code_signs_by_its_own_rule(bench: Bench, maker: Client) -> None:
    account = "0x00000000000000000000000000000000000a11ce"
    order, _ = ask(maker, maker=account)
    # isValidSignature: the magic value times whether the digest is this one.
    code = "7f" + maker.order_hash(order).hex() + "6004351463" + "1626ba7e" + "60e01b025f5260205ff3"
    bench.chain.rpc.call("anvil_setCode", account, "0x" + code)
    assert bench.post(order, b"anything").json()["reason"] == "NotFunded", "it signed, and has nothing"
    other = replace(order, nonce=order.nonce + 1)
    assert bench.post(other, b"anything").json()["reason"] == "BadSignature"


def test_without_the_chain_a_key_still_signs(bench: Bench, maker: Client, tmp_path: Path) -> None:
    """A contract account's signature cannot be told then, which is not the same as refused."""
    settings = Settings(
        database_url=bench.url, data_dir=tmp_path, risk_url="http://127.0.0.1:9", rpc_url="http://127.0.0.1:9"
    )
    with TestClient(create_app(settings)) as api:
        cut_off = replace(bench, api=api)
        assert cut_off.taken(*ask(maker, "0.01"))["status"] == "open"
        answer = cut_off.post(ask(maker)[0], b"anything")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_limits_of_an_account_and_of_a_book(bench: Bench, maker: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.taken(*bid(maker))
    for limit in ("MOST_OF_A_MAKER", "MOST_OF_A_BOOK"):
        with monkeypatch.context() as patch:
            patch.setattr(acceptance, limit, 1)
            order, signature = bid(maker)
            answer = bench.post(order, signature)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_orders"), limit
        assert bench.taken(order, signature)["status"] == "open"


def test_a_makers_orders_page_by_page(bench: Bench, maker: Client) -> None:
    for _ in range(3):
        bench.taken(*bid(maker, "0.01"))
    every = bench.api.get("/v1/orders", params={"maker": maker.address, "limit": 500}).json()
    assert every["next_cursor"] is None
    found, cursor = [], None
    while True:
        params = {"maker": maker.address, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = bench.api.get("/v1/orders", params=params).json()
        found += page["orders"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [each["hash"] for each in found] == [each["hash"] for each in every["orders"]]
    for cursor in ("x", "1.0x12", "9" * 18 + ".0x" + "00" * 32):
        answer = bench.api.get("/v1/orders", params={"maker": maker.address, "cursor": cursor})
        assert answer.status_code == 422, cursor


def test_a_book_is_pushed_when_an_order_comes_and_when_it_can_no_longer_be_paid(bench: Bench) -> None:
    client = bench.chain.client(TAKER)
    with bench.api.websocket_connect("/ws") as socket:
        socket.send_json({"op": "subscribe", "channels": [f"book.{OTHER_CALL}"]})
        assert socket.receive_json()["type"] == "snapshot"
        order = client.premium_order(OTHER_CALL, "1", "0.04", is_buy=True, nonce=next(NONCES))
        view = bench.taken(order, client.sign(order))

        def until(shown: bool) -> None:
            while True:
                message = socket.receive_json()
                hashes = [each["hash"] for each in message["data"]["bids"]]
                if (view["hash"] in hashes) == shown:
                    return

        until(shown=True)
        client.cancel_order(order.nonce)
        bench.index()
        until(shown=False)


class TestDraft:
    """From a trader's words to an order in its book, without an ABI."""

    VOLATILITY: ClassVar[dict[str, Any]] = {
        "volatility": "0.62",
        "min_spot": "1000",
        "max_spot": "2000",
        "max_feed_age": 3600,
    }

    def draft(self, bench: Bench, **changes: Any) -> Any:
        """Ask for a draft."""
        maker = bench.chain.client(TAKER).address
        terms = {"maker": maker, "name": CALL, "action": "sell", "amount": "0.25", "price": "0.031"}
        body = {name: value for name, value in (terms | changes).items() if value is not None}
        return bench.api.post("/v1/order-drafts", json=body)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"action": "buy", "asset": "USDC", "price": "40"},
            {"price": None, "volatility": VOLATILITY},
            {"price": None, "volatility": VOLATILITY | {"carry": "-0.01", "spot_edge": "0.001", "max_premium": "0.5"}},
        ],
    )
    def test_what_a_wallet_signs_is_taken_in(self, bench: Bench, changes: dict[str, Any]) -> None:
        answer = self.draft(bench, **changes)
        assert answer.status_code == 200, answer.text
        drafted = answer.json()
        wallet = bench.chain.client(TAKER).account
        # A browser wallet reads the JSON as it came.
        signed = wallet.sign_message(encode_typed_data(full_message=drafted["typed_data"]))
        body = {"order": drafted["typed_data"]["message"], "signature": "0x" + bytes(signed.signature).hex()}
        view = bench.api.post("/v1/orders", json=body).json()["order"]
        for field in ("hash", "status", "price", "fillable", "deadline", "volatility"):
            assert view[field] == drafted["draft"][field], field
        assert view["status"] == "open"

    def test_a_nonce_is_new_each_time_or_the_makers_own(self, bench: Bench) -> None:
        nonces = {self.draft(bench).json()["draft"]["order"]["nonce"] for _ in range(3)}
        assert len(nonces) == 3
        assert self.draft(bench, nonce="77").json()["draft"]["order"]["nonce"] == "77"

    @pytest.mark.parametrize(
        ("status", "changes"),
        [
            (422, {"price": None}),
            (422, {"volatility": VOLATILITY}),
            (422, {"amount": "-1"}),
            (422, {"amount": "1e3"}),
            (422, {"lasts": 10**9}),
            (422, {"action": "hold"}),
            (400, {"asset": "DAI"}),
            (400, {"nonce": str(2**64)}),
            (422, {"price": None, "volatility": VOLATILITY | {"volatility": "10.1"}}),
            (422, {"amount": "0.000000001"}),
            (404, {"name": "ETH-7MAR23-1601-C"}),
        ],
    )
    def test_what_cannot_be_an_order(self, bench: Bench, status: int, changes: dict[str, Any]) -> None:
        answer = self.draft(bench, **changes)
        assert answer.status_code == status and answer.json()["detail"], answer.text
