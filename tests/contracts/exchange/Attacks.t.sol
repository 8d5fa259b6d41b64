// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {Reentrant} from "../support/Receivers.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice What somebody would try, order by order. (Replays, forgeries and wallets: Signatures; griefed batches: FillMany;
/// stale feeds and slices: VolatilityOrders.)
contract AttacksTest is ExchangeFixture {
    // --- the nonce ---

    function test_AReplacementNeverFillsBesideTheOriginal() public {
        IExchange.Order memory first = offer(call(3000), 2e18, 0.01e18);
        IExchange.Order memory second = offer(call(3000), 5e18, 0.02e18);
        second.nonce = first.nonce;
        fill(first, 1e18);
        bytes memory why = abi.encodeWithSelector(IExchange.NonceBound.selector, maker, first.nonce, lowHash(first));
        expectRefused(second, 1e18, why);
        assertEq(exchange.remaining(second), 0, "left of the second");
        fill(first, 1e18);
        expectRefused(second, 1e18, why); // nor after it
    }

    function test_WhicheverOfTwoIsFilledFirstIsTheOne() public {
        IExchange.Order memory first = offer(call(3000), 2e18, 0.01e18);
        IExchange.Order memory second = offer(call(3000), 5e18, 0.02e18);
        second.nonce = first.nonce;
        fill(second, 5e18);
        expectRefused(
            first, 1e18, abi.encodeWithSelector(IExchange.NonceBound.selector, maker, first.nonce, lowHash(second))
        );
    }

    function test_OneNonceOfTwoMakersIsTwo() public {
        IExchange.Order memory a = offer(call(3000), 1e18, 0.01e18);
        IExchange.Order memory b = bid(call(3000), 1e18, 0.02e18);
        (b.maker, b.nonce) = (taker, a.nonce);
        matchPair(b, a, 1e18);
        assertEq(filledOf(a) + filledOf(b), 2e18, "each its own");
    }

    function testFuzz_AnOrderFillsAtMostItsSize(uint128 size, uint128[8] memory amounts) public {
        size = uint128(bound(size, 1, 50e8)) * 1e10;
        IExchange.Order memory order = offer(call(3000), size, 0.01e18);
        uint256 sum;
        for (uint256 i; i < 8; ++i) {
            uint128 amount = uint128(bound(amounts[i], 1, 20e8)) * 1e10;
            IExchange.Take memory take = buying(amount);
            take.minAmount = 0;
            if (exchange.remaining(order) != 0) sum += fill(order, take).amount;
            assertEq(filledOf(order), sum, "filled");
            assertEq(exchange.remaining(order), size - sum, "left");
        }
        assertEq(held(taker, call(3000)), sum, "delivered");
    }

    // --- rounding ---

    /// @dev However an order is cut up, its maker gets at least its limit on the whole, and a buyer pays at most that.
    function testFuzz_CrumbsNeverCostTheMaker(uint128 price, uint128 cut, bool isBuy) public {
        price = uint128(bound(price, isBuy ? 100e18 : 0, 1000e18));
        IExchange.Order memory order = isBuy ? bid(put(3000), 1e18, price) : offer(put(3000), 1e18, price);
        cut = uint128(bound(cut, 1, 20)) * 1e10;
        uint256 sum;
        for (uint256 i = 1; i <= 5; ++i) {
            IExchange.Fill memory f = fill(order, cut * uint128(i));
            sum += f.amount;
        }
        if (isBuy) {
            assertLe((FUNDS_USDC - free(maker, usdc)) * 1e30, uint256(price) * sum, "paid more than its limit");
        } else {
            uint256 got = free(maker, usdc) + lockedOf(maker, put(3000)) - FUNDS_USDC;
            assertGe(got * 1e30, uint256(price) * sum, "got less than its limit");
            assertGt(got, 0, "for nothing");
        }
    }

    // --- money that is gone, rights that are gone ---

    function test_AMakerThatWithdrewFailsAloneAndLosesNothing() public {
        IExchange.Order memory order = bid(call(3000), 1e18, 0.01e18);
        vm.prank(maker);
        house.withdraw(address(weth), FUNDS_WETH, maker);
        expectRefused(order, 1e18, insufficient(maker, weth, 0.0097e18, 0));
        assertEq(exchange.remaining(order), 1e18, "untouched");
        deposit(maker, weth, 1e18);
        fill(order, 1e18);
    }

    function test_TheExchangeNeverMovesWhoDidNotSign() public {
        // HOLDER has given it every right, and signs nothing.
        trust(HOLDER);
        give(HOLDER, call(3000), 5e18);
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        order.maker = HOLDER;
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.BadSignature.selector, HOLDER));
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OnlySelf.selector, STRANGER));
        exchange.simulateFill(order, "", buying(1e18));
        vm.stopPrank();
        assertEq(free(HOLDER, weth), FUNDS_WETH, "money");
        assertEq(held(HOLDER, call(3000)), 5e18, "contracts");
    }

    function test_ACrumbSentToAMakerStopsNothing() public {
        approveTokens(maker, false);
        give(maker, call(3000), 1e10);
        fill(offer(call(3000), 1e18, 0.01e18), 1e18);
        assertEq(lockedOf(maker, call(3000)), 1e18, "all written");
    }

    // --- fees ---

    /// @dev Matching oneself through two accounts, with all that a caller and a settler could earn, costs money.
    function test_MatchingOneselfEarnsNothing() public {
        exchange.setFees(IExchange.Fees(0.005e18, 0.2e18, 0.5e18));
        house.setTreasury(STRANGER);
        IExchange.Order memory a = bid(call(3000), 50e18, 0.05e18);
        IExchange.Order memory b = offer(call(3000), 50e18, 0.02e18);
        b.maker = taker;
        (bytes memory aSigned, bytes memory bSigned) = (sign(a), sign(b));
        vm.prank(taker);
        exchange.matchOrders(a, aSigned, b, bSigned, 50e18);
        // The position is closed again: both accounts are the attacker's.
        allow(maker, taker, 1);
        vm.prank(taker);
        house.close(taker, call(3000), 50e18, maker);
        settle(3000); // as this contract, which is also the attacker's
        house.collectFees(call(3000).bookKey());
        assertLt(free(maker, weth) + free(taker, weth) + free(address(this), weth), 2 * FUNDS_WETH - 0.1e18, "a loss");
    }

    // --- hooks ---

    function test_AReceiverCannotGetInWhileItIsPaid() public {
        Reentrant receiver = new Reentrant();
        IExchange.Order memory order = offer(call(3000), 5e18, 0.01e18);
        order.useBook = false;
        give(maker, call(3000), 5e18);
        IExchange.Take memory take = buying(1e18);
        take.receiver = address(receiver);
        bytes memory signature = sign(order);
        bytes[4] memory tries = [
            abi.encodeCall(exchange.fill, (order, signature, take)),
            abi.encodeCall(exchange.fillMany, (new IExchange.Item[](0), 0)),
            abi.encodeCall(exchange.quoteFill, (taker, order, signature, take)),
            abi.encodeCall(exchange.matchOrders, (order, signature, order, signature, 1e18))
        ];
        for (uint256 i; i < tries.length; ++i) {
            receiver.arm(address(exchange), tries[i]);
            fill(order, take);
            assertEq(receiver.tries(), i + 1, "tried");
            assertFalse(receiver.succeeded(), "got in");
            assertEq(
                receiver.answer(), err(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector), "by the guard"
            );
        }
    }

    function test_ABatchCannotBeEnteredInItsCallersName() public {
        Reentrant receiver = new Reentrant();
        IExchange.Order memory order = offer(call(3000), 5e18, 0.01e18);
        give(maker, call(3000), 5e18);
        IExchange.Item[] memory items = new IExchange.Item[](1);
        items[0] = IExchange.Item(order, sign(order), buying(1e18));
        items[0].take.receiver = address(receiver);
        receiver.arm(address(exchange), abi.encodeCall(exchange.fill, (order, items[0].signature, buying(1e18))));
        vm.prank(taker);
        exchange.fillMany(items, 1_000_000);
        assertEq(receiver.tries(), 1, "tried");
        assertFalse(receiver.succeeded(), "got in");
        // A receiver that cancels in the middle, or looks, is no matter.
        receiver.arm(address(exchange), abi.encodeCall(exchange.cancel, (7)));
        vm.prank(taker);
        exchange.fillMany(items, 1_000_000);
        assertTrue(receiver.succeeded(), "its own nonces");
    }

    function test_NothingStaysInTheExchange() public {
        fill(offer(call(3000), 1e18, 0.01e18), 1e18);
        fill(bid(put(3000), 1e18, 10e18), 1e18);
        IExchange.Order memory b = offer(call(3100), 1e18, 0.01e18);
        b.maker = taker;
        matchPair(bid(call(3100), 1e18, 0.02e18), b, 1e18);
        assertEq(free(address(exchange), weth) + free(address(exchange), usdc), 0, "free");
        assertEq(weth.balanceOf(address(exchange)) + usdc.balanceOf(address(exchange)), 0, "tokens");
        assertEq(held(address(exchange), call(3000)), 0, "contracts");
    }
}
