"""The SDK's reads of the lenses are what the contracts then do."""

from optionix.client import Client
from tests.client.test_exchange import ask, buyer, seller
from tests.support.chain import LocalChain

CALL, UPPER_CALL = "ETH-7MAR23-1600-C", "ETH-7MAR23-1700-C"
WAD = 10**18
__all__ = ["buyer", "seller"]


def test_a_book_after_a_trade_is_the_book_then(seller: Client) -> None:
    after = seller.book_after([(CALL, -WAD), (UPPER_CALL, -2 * WAD)])
    assert (after.required_before, after.required_after, after.difference) == (0, 3 * WAD, 3 * WAD)
    assert after.refusal is None and not after.must_net
    seller.write(CALL, "1")
    seller.write(UPPER_CALL, "2")
    assert seller.books()[0].locked == after.required_after
    refused = seller.book_after([(CALL, -100 * WAD)]).refusal
    assert refused is not None and refused.name == "InsufficientFreeBalance"


def test_orders_in_one_call(seller: Client, buyer: Client) -> None:
    first, second, cancelled = ask(seller, "2"), ask(seller, "500"), ask(seller, nonce=7)
    seller.cancel_order(7)
    buyer.fill(*first, "0.5")
    views = buyer.order_views([first, second, cancelled], taker=buyer.address)
    assert [view.hash for view in views] == [buyer.order_hash(order) for order, _ in (first, second, cancelled)]
    assert [view.cancelled for view in views] == [False, False, True]
    assert (views[0].filled, views[0].remaining, views[0].fillable) == (WAD // 2, 15 * WAD // 10, 15 * WAD // 10)
    # The maker's collateral ends before its order does.
    assert 8 * WAD < views[1].fillable < 11 * WAD
    assert (views[2].remaining, views[2].fillable) == (0, 0)
    assert all(view.price == 3 * WAD // 100 for view in views[:2])
    assert [view.fillable for view in buyer.order_views([first])] == [0], "nobody asks"


def test_estimates_are_what_processing_gives(market: LocalChain, provider: Client) -> None:
    shares = provider.share_balance("ETH-C")
    assert provider.estimate_redeem("ETH-C", shares // 2).assets == 500 * WAD
    assert provider.estimate_deposit("ETH-C", 500 * WAD).shares == shares // 2
