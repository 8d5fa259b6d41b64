// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";

contract MatchOrdersTest is ExchangeFixture {
    /// @dev The maker's bid and the taker's offer.
    function _pair(SeriesId series, uint128 bidPrice, uint128 askPrice)
        private
        returns (IExchange.Order memory buyOrder, IExchange.Order memory sellOrder)
    {
        buyOrder = bid(series, 10e18, bidPrice);
        sellOrder = offer(series, 10e18, askPrice);
        sellOrder.maker = taker;
    }

    // --- failures ---

    function test_RefusesOrdersThatDoNotPair() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        expectUnmatched(b, a, 1e18, abi.encodeWithSelector(IExchange.OrdersDoNotPair.selector, bytes32("isBuy")));
        expectUnmatched(a, a, 1e18, abi.encodeWithSelector(IExchange.OrdersDoNotPair.selector, bytes32("isBuy")));
        expectUnmatched(b, b, 1e18, abi.encodeWithSelector(IExchange.OrdersDoNotPair.selector, bytes32("isBuy")));
        b.series = call(3100);
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.OrdersDoNotPair.selector, bytes32("series")));
        b.series = call(3000);
        b.premiumToken = address(usdc);
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.OrdersDoNotPair.selector, bytes32("premiumToken")));
    }

    function test_RefusesOneMakersTwoOrders() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        b.maker = maker;
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.SelfTrade.selector, maker));
    }

    function test_RefusesAnOrderForSomebodyElse() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        a.taker = MATCHER;
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.NotTaker.selector, MATCHER, taker));
        a.taker = address(0);
        b.taker = MATCHER;
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.NotTaker.selector, MATCHER, maker));
        (a.taker, b.taker) = (taker, maker);
        matchPair(a, b, 1e18);
    }

    function test_RefusesPricesThatDoNotCoverTheFee() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.0103e18, 0.01e18 + 1);
        expectUnmatched(
            a, b, 1e18, abi.encodeWithSelector(IExchange.NotCrossed.selector, 0.0103e18, 0.01e18 + 1, 0.0003e18)
        );
        b.limit = 0.01e18;
        matchPair(a, b, 1e18);
    }

    function test_RefusesEachOrderThatDoesNotStand() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        vm.prank(maker);
        exchange.cancel(a.nonce);
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.NonceCancelled.selector, maker, a.nonce));
        a.nonce = 1000;
        b.deadline = START - 1;
        expectUnmatched(a, b, 1e18, abi.encodeWithSelector(IExchange.DeadlinePassed.selector, START - 1, START));
        b.deadline = START;
        expectUnmatched(a, b, 0, abi.encodeWithSelector(IExchange.BadAmount.selector, 0));
    }

    function test_RefusesWhatEitherDidNotSign() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        (bytes memory aSigned, bytes memory bSigned) = (sign(a), sign(b));
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, maker));
        exchange.matchOrders(a, bSigned, b, bSigned, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, taker));
        exchange.matchOrders(a, aSigned, b, aSigned, 1e18);
    }

    // --- what it does ---

    function test_MatchesAtTheMidpoint() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0.02e18, 0.01e18);
        // 0.03 at the middle; the fee is 0.0006, half from each; a fifth of it is the matcher's
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(maker, a.nonce, exchange.hashOrder(a), 2e18, 2e18);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(taker, b.nonce, exchange.hashOrder(b), 2e18, 2e18);
        vm.expectEmit(address(exchange));
        emit IExchange.Traded(
            call(3000),
            maker,
            taker,
            MATCHER,
            IExchange.Taker.NONE,
            address(weth),
            2e18,
            0.0297e18,
            0.0006e18,
            0.00012e18,
            0
        );
        IExchange.Match memory m = matchPair(a, b, 2e18);
        assertEq(m.amount, 2e18, "amount");
        assertEq(m.premium, 0.0297e18, "what the seller gets");
        assertEq(m.fee, 0.0006e18, "fee");
        assertEq(m.callerFee, 0.00012e18, "caller's");
        assertEq(free(maker, weth), FUNDS_WETH - 0.0303e18, "buyer");
        assertEq(free(taker, weth), FUNDS_WETH + 0.0297e18 - 2e18, "seller");
        assertEq(free(MATCHER, weth), 0.00012e18, "matcher");
        assertEq(pot(weth), 0.00048e18, "pot");
        assertEq(held(maker, call(3000)), 2e18, "delivered");
    }

    function test_MatchesAsFarAsTheSmallerGoes() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(put(3000), 50e18, 40e18);
        a.amount = 3e18;
        assertEq(matchPair(a, b, type(uint128).max).amount, 3e18, "the bid's");
        assertEq(exchange.remaining(a), 0, "bid");
        assertEq(exchange.remaining(b), 7e18, "offer");
    }

    function test_MatchesAVolatilityWithAPremium() public {
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(call(3000), 0, 0.01e18);
        a = atVolatility(a, 0.9e18);
        uint256 price = exchange.priceOf(a);
        IExchange.Match memory m = matchPair(a, b, 1e18);
        assertEq(m.premium, (price + 0.01e18 - m.fee) / 2, "between the two");
    }

    /// @dev Whatever the prices: nobody is worse off than its limit, and what one pays the others get.
    function testFuzz_NobodyIsWorseOffThanItsLimit(uint128 bidPrice, uint128 askPrice, uint128 amount) public {
        bidPrice = uint128(bound(bidPrice, 1e12, 90e18));
        askPrice = uint128(bound(askPrice, 0, bidPrice));
        amount = uint128(bound(amount, 1, 1e8)) * 1e10;
        (IExchange.Order memory a, IExchange.Order memory b) = _pair(put(3000), bidPrice, askPrice);
        (bytes memory aSigned, bytes memory bSigned) = (sign(a), sign(b));
        uint256 locked = 3000e6 * uint256(amount) / 1e18;
        vm.prank(MATCHER);
        try exchange.matchOrders(a, aSigned, b, bSigned, amount) returns (IExchange.Match memory m) {
            assertLe((FUNDS_USDC - free(maker, usdc)) * 1e30, uint256(bidPrice) * amount, "buyer");
            assertGe((free(taker, usdc) + locked - FUNDS_USDC) * 1e30, uint256(askPrice) * amount, "seller");
            assertEq(
                free(maker, usdc) + free(taker, usdc) + lockedOf(taker, put(3000)) + free(MATCHER, usdc) + pot(usdc),
                2 * FUNDS_USDC,
                "nothing is lost"
            );
            assertEq(m.callerFee, m.fee / 5, "the caller, rounded down");
        } catch (bytes memory why) {
            assertTrue(
                bytes4(why) == IExchange.NotCrossed.selector || bytes4(why) == IExchange.NoPremium.selector, "why"
            );
        }
    }
}
