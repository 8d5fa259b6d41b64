// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOrderLens} from "../../../contracts/interfaces/lens/IOrderLens.sol";
import {ExchangeFixture} from "../exchange/ExchangeFixture.sol";

contract OrderLensTest is ExchangeFixture {
    IOrderLens private lens;

    function setUp() public override {
        super.setUp();
        lens = IOrderLens(vm.deployCode("OrderLens.sol:OrderLens", abi.encode(address(exchange))));
    }

    function query(IExchange.Order memory order, IExchange.Take memory take)
        private
        view
        returns (IOrderLens.OrderQuery[] memory list)
    {
        list = new IOrderLens.OrderQuery[](1);
        list[0] = IOrderLens.OrderQuery(order, sign(order), take);
    }

    function look(IExchange.Order memory order, IExchange.Take memory take)
        private
        returns (IOrderLens.OrderView memory)
    {
        return lens.orders(taker, query(order, take), 0, 40).orders[0];
    }

    function test_SaysWhyNot() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        vm.prank(maker);
        exchange.cancel(order.nonce);
        IOrderLens.OrderView memory v = look(order, buying(1e18));
        assertTrue(v.cancelled, "cancelled");
        assertEq(v.remaining + v.fillable, 0);
        assertEq(v.quote.reason, abi.encodeWithSelector(IExchange.NonceCancelled.selector, maker, order.nonce));

        order = offer(call(3000), 5e18, 0.05e18);
        vm.prank(maker);
        exchange.cancelBelow(order.nonce + 1);
        assertTrue(look(order, buying(1e18)).cancelled, "below the floor");

        order = offer(call(3000), 5e18, 0.05e18);
        IOrderLens.OrderQuery[] memory list = query(order, buying(1e18));
        list[0].signature = hex"00";
        v = lens.orders(taker, list, 0, 0).orders[0];
        assertEq(v.quote.reason, abi.encodeWithSelector(IExchange.BadSignature.selector, maker));
        assertEq(v.remaining, 5e18, "it may be signed yet");
    }

    function test_AQuoteThatRunsOutOfGasIsARefusal() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        vm.mockCallRevert(address(exchange), abi.encodeWithSelector(IExchange.quoteFill.selector), "");
        IOrderLens.OrderView memory v = look(order, buying(1e18));
        assertEq(v.quote.reason, hex"ffffffff", "no words");
        assertEq(v.fillable, 0);
        assertEq(v.remaining, 5e18);
        vm.mockCallRevert(address(exchange), abi.encodeWithSelector(IExchange.quoteFill.selector), hex"12345678");
        assertEq(look(order, buying(1e18)).quote.reason, hex"12345678", "its own");
    }

    function test_AFeedThatIsDeadLeavesPremiumOrdersAlone() public {
        IExchange.Order memory volatile = atVolatility(offer(call(3000), 5e18, 0), 0.6e18);
        IExchange.Order memory plain = offer(call(3000), 5e18, 0.05e18);
        (,,, uint256 updatedAt,) = feed.latestRoundData();
        vm.warp(updatedAt + 3 hours);
        IOrderLens.OrderView memory v = look(volatile, buying(1e18));
        assertEq(v.priceError, abi.encodeWithSelector(IMarkets.StalePrice.selector, updatedAt, 7200));
        assertEq(v.price, 0);
        assertEq(v.fillable, 0);
        assertEq(look(plain, buying(1e18)).fillable, 5e18, "needs no feed");
    }

    function test_PromisedIsFilled() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        IOrderLens.OrderView memory v = look(order, buying(2e18));
        assertEq(v.hash, exchange.hashOrder(order));
        assertEq(v.price, 0.05e18);
        assertEq(v.fillable, 5e18);
        assertEq(v.quote.reason.length, 0);
        IExchange.Fill memory got = fill(order, 2e18);
        assertEq(v.quote.fill.premium, got.premium);
        assertEq(v.quote.fill.fee, got.fee);
        v = look(order, buying(9e18));
        assertEq(v.filled, 2e18);
        assertEq(v.remaining, 3e18);
    }

    function test_FillableIsWhatTheMakerCanCover() public {
        // a hundred base free, of which each contract locks one and brings a twentieth
        IExchange.Order memory order = offer(call(3000), 200e18, 0.05e18);
        IOrderLens.OrderView memory v = look(order, buying(1e18));
        assertEq(v.remaining, 200e18);
        assertGt(v.fillable, 100e18, "premium counts");
        assertLt(v.fillable, 106e18);
        uint256 id = vm.snapshotState();
        fill(order, uint128(v.fillable));
        vm.revertToState(id);
        expectRefused(order, uint128(v.fillable + 1e10), _short(order, uint128(v.fillable + 1e10)));
        // halved less often it is found less exactly, and never too much
        uint256 rough = lens.orders(taker, query(order, buying(1e18)), 0, 3).orders[0].fillable;
        assertTrue(rough != 0 && rough <= v.fillable, "rough");
    }

    function _short(IExchange.Order memory order, uint128 amount) private returns (bytes memory) {
        return quote(order, buying(amount)).reason;
    }

    function test_WithoutATakerOnlyTheOrder() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        IOrderLens.OrderView memory v = lens.orders(address(0), query(order, buying(1e18)), 0, 9).orders[0];
        assertEq(v.price, 0.05e18);
        assertEq(v.remaining, 5e18);
        assertEq(v.fillable, 0);
    }

    function test_ChangesNothing() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        look(order, buying(2e18));
        assertEq(filledOf(order), 0);
        assertEq(held(taker, call(3000)), 0);
        assertEq(bookOf(maker, call(3000)).locked, 0);
        assertEq(free(taker, weth), FUNDS_WETH);
    }

    function test_EndsEarlyWhereGasRunsShortAndGoesOn() public {
        IOrderLens.OrderQuery[] memory list = new IOrderLens.OrderQuery[](3);
        for (uint256 i; i < 3; ++i) {
            list[i] = query(offer(call(3000), 5e18, 0.05e18), buying(1e18))[0];
        }
        IOrderLens.OrdersView memory v = lens.orders{gas: 5_400_000}(taker, list, 0, 0);
        assertTrue(v.orders.length != 0 && v.orders.length < 3, "a part");
        assertEq(v.next, v.orders.length);
        uint256 first = v.orders.length;
        v = lens.orders(taker, list, v.next, 0);
        assertEq(v.orders.length, 3 - first);
        assertEq(v.next, 0);
        assertEq(lens.orders(taker, list, 7, 0).orders.length, 0);
    }
}
