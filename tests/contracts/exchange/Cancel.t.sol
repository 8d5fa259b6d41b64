// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";

contract CancelTest is ExchangeFixture {
    // --- failures ---

    function test_AFloorOnlyRises() public {
        vm.startPrank(maker);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FloorNotRaised.selector, 0, 0));
        exchange.cancelBelow(0);
        exchange.cancelBelow(7);
        vm.expectRevert(abi.encodeWithSelector(IExchange.FloorNotRaised.selector, 7, 7));
        exchange.cancelBelow(7);
    }

    // --- what it does ---

    function test_CancelsOne() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        fill(order, 1e18);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderCancelled(maker, order.nonce);
        vm.prank(maker);
        exchange.cancel(order.nonce);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.NonceCancelled.selector, maker, order.nonce));
        (uint256 filled, uint128 bound, bool cancelled) = exchange.nonceState(maker, order.nonce);
        assertEq(filled, 1e18, "what was filled is still known");
        assertEq(bound, lowHash(order), "and of what");
        assertTrue(cancelled, "cancelled");
        assertEq(exchange.remaining(order), 0, "left");
    }

    function test_CancelsWhatIsNotSignedYet() public {
        vm.startPrank(maker);
        exchange.cancel(99);
        exchange.cancel(99); // twice is once
        vm.stopPrank();
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        order.nonce = 99;
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.NonceCancelled.selector, maker, 99));
    }

    function test_CancelsNobodyElsesOrder() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        vm.startPrank(STRANGER);
        exchange.cancel(order.nonce);
        exchange.cancelBelow(type(uint64).max);
        vm.stopPrank();
        fill(order, 1e18);
    }

    function test_CancelsAllBelow() public {
        IExchange.Order memory below = offer(call(3000), 2e18, 0.01e18);
        IExchange.Order memory level = offer(call(3000), 2e18, 0.01e18);
        fill(below, 1e18);
        vm.expectEmit(address(exchange));
        emit IExchange.NonceFloorSet(maker, level.nonce);
        vm.prank(maker);
        exchange.cancelBelow(level.nonce);
        assertEq(exchange.nonceFloor(maker), level.nonce, "floor");
        expectRefused(below, 1e18, abi.encodeWithSelector(IExchange.NonceBelowFloor.selector, below.nonce, level.nonce));
        assertEq(exchange.remaining(below), 0, "left below");
        assertEq(exchange.remaining(level), 2e18, "left at the floor");
        fill(level, 1e18);
    }
}
