// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {RoundReader} from "../../../contracts/libraries/RoundReader.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";

/// @notice The first fallback: a day without a valid proof, then the last positive round in force at expiry.
contract SettleAtLastRoundTest is HistoryFixture {
    // --- failures ---

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, LATER + 1 days));
        markets.settleAtLastRound(ETH, LATER + 1 days, 1);
    }

    function test_RefusesBeforeExpiry() public {
        vm.warp(LATER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotExpired.selector, LATER, LATER));
        markets.settleAtLastRound(ETH, LATER, 1);
    }

    function test_RefusesUntilADayHasPassed() public {
        uint80 last = _unprovable();
        vm.warp(LATER + 1 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.FallbackNotOpen.selector, LATER + 1 days, LATER + 1 days - 1));
        markets.settleAtLastRound(ETH, LATER, last);
        vm.warp(LATER + 1 days);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 3000e18, "price");
    }

    function test_RefusesASecondTime() public {
        uint80 last = _unprovable();
        vm.warp(LATER + 1 days);
        markets.settleAtLastRound(ETH, LATER, last);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadySettled.selector, ETH, LATER));
        markets.settleAtLastRound(ETH, LATER, last);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadySettled.selector, ETH, LATER));
        settleLater(last);
    }

    function test_RefusesAnyOtherRound() public {
        uint80 last = _unprovable();
        history.append(5000 * DOLLAR, LATER + 1);
        vm.warp(LATER + 1 days);
        for (uint80 id = last - 2; id <= last + 1; ++id) {
            if (id == last) continue;
            vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, id));
            markets.settleAtLastRound(ETH, LATER, id);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, last + 2));
        markets.settleAtLastRound(ETH, LATER, last + 2);
    }

    /// @dev The attack: nobody came for a day, and the last answer suits the caller better than the average.
    function test_NeverTakesTheLastRoundWhereTheAverageCanBeProven() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING);
        uint80 last = history.append(9000 * DOLLAR, LATER - 1);
        vm.warp(LATER + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.ProofStands.selector, last));
        markets.settleAtLastRound(ETH, LATER, last);
        assertEq(settleLater(last), (1799 * 3000e18 + 9000e18) / uint256(1800), "the average");
    }

    /// @dev The attack: so little gas that the proof cannot finish. That is no refusal of the proof.
    function test_ALackOfGasRefusesNoProof() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING);
        uint80 last = history.append(9000 * DOLLAR, LATER - 1);
        vm.warp(LATER + 1 days);
        bytes memory call_ = abi.encodeCall(IMarkets.settleAtLastRound, (ETH, LATER, last));
        for (uint256 gas_ = 10_000; gas_ < 700_000; gas_ += 5000) {
            (bool ok, bytes memory refusal) = address(markets).call{gas: gas_}(call_);
            assertTrue(!ok, "a starved proof counted as refused");
            bytes4 why = bytes4(refusal);
            assertTrue(
                refusal.length == 0 || why == RoundReader.NotEnoughGas.selector || why == IMarkets.ProofStands.selector,
                "reason"
            );
        }
    }

    function test_WalksALongWindowBeforeItFallsBack() public {
        uint80 last = _long(3000 * DOLLAR);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 0, "more to walk");
        vm.expectRevert(abi.encodeWithSelector(IMarkets.ProofStands.selector, last));
        markets.settleAtLastRound(ETH, LATER, last);
        assertEq(settleLater(last), 3000e18, "what the fallback walked serves the proof");
    }

    function test_FallsBackWhereALaterPartOfALongWindowIsBad() public {
        uint80 last = _long(-1);
        assertEq(settleLater(last), 0, "more to walk");
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 3000e18, "the last round");
    }

    function test_RefusesWhereNoPositiveRoundCanBeRead() public {
        history.set(1, 1, 3000 * DOLLAR, LATER - 300);
        history.set(1, 3, 0, LATER - 100);
        uint80 last = history.append(-DOLLAR, LATER - 50);
        vm.warp(LATER + 1 days);
        // A hole lies between the positive round and the end.
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NoPositiveRound.selector, last));
        markets.settleAtLastRound(ETH, LATER, last);
    }

    function test_RefusesAfterTooManyRoundsThatAreNotPositive() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING);
        uint80 last;
        for (uint256 i; i < 512; ++i) {
            last = history.append(0, LATER_OPENING + 1 + i);
        }
        vm.warp(LATER + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NoPositiveRound.selector, last));
        markets.settleAtLastRound(ETH, LATER, last);
    }

    // --- the price ---

    function test_TakesTheLastPositiveRoundOfAFeedThatWentNegative() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 10);
        uint80 positive = history.append(2900 * DOLLAR, LATER - 300);
        history.append(0, LATER - 200);
        uint80 last = history.append(-5 * DOLLAR, LATER - 100);
        history.append(9000 * DOLLAR, LATER + 5);
        vm.warp(LATER + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, -5 * DOLLAR));
        settleLater(last);
        vm.expectEmit(address(markets));
        emit IMarkets.Settled(ETH, LATER, 2900e18, positive, STRANGER, IMarkets.Rule.LAST_ROUND);
        vm.prank(STRANGER);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 2900e18, "price");
        (uint256 price, address settler) = markets.settlement(ETH, LATER);
        assertEq(price, 2900e18, "stored");
        assertEq(settler, STRANGER, "who earns the bounty");
        assertTrue(markets.settlementRule(ETH, LATER) == IMarkets.Rule.LAST_ROUND, "rule");
    }

    function test_TakesAStalledFeedsLastAnswerWhateverItsAge() public {
        uint80 last = history.set(1, 1, 2800 * DOLLAR, LATER - 5 days);
        vm.warp(LATER + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, LATER - 5 days, 7200));
        settleLater(last);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 2800e18, "price");
    }

    /// @dev A market that fell through the floor of its sane range has that price, not the last one above the floor.
    function test_TakesAPriceOutsideTheSaneRange() public {
        history.set(1, 1, 12 * DOLLAR, LATER_OPENING);
        uint80 last = history.append(DOLLAR / 2, LATER - 100);
        vm.warp(LATER + 1 days);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 0.5e18, "price");
    }

    function test_PassesOverAnAnswerBeyondTheArithmetic() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING);
        history.append(int256(1) << 124, LATER - 300);
        history.append((int256(1) << 124) / 1e10 + 1, LATER - 200);
        uint80 last = history.append(type(int256).max, LATER - 100);
        vm.warp(LATER + 1 days);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 3000e18, "price");
    }

    function test_PassesIntoThePreviousPhase() public {
        history.set(1, 1, 3000 * DOLLAR, LATER - 1000);
        history.append(3100 * DOLLAR, LATER - 400);
        uint80 last = history.set(2, 1, 0, LATER - 300);
        vm.warp(LATER + 1 days);
        assertEq(markets.settleAtLastRound(ETH, LATER, last), 3100e18, "price");
    }

    function test_SettlesAfterASequencerThatWasDown() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        IMarkets.FeedConfig memory config = feedConfig();
        config.sequencerFeed = address(uptime);
        config.sequencerGrace = 600;
        markets.setFeed(ETH, config);
        uint40 expiry = LATER + 1 days;
        vm.warp(START + 600);
        markets.listExpiry(ETH, expiry);
        vm.warp(expiry - 100);
        uptime.post(1);
        uint80 last = post(expiry - 50, 3000);
        vm.warp(expiry + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, expiry - 100));
        markets.settle(ETH, expiry, last);
        assertEq(markets.settleAtLastRound(ETH, expiry, last), 3000e18, "price");
    }

    /// @dev A window that begins with a round which the proof refuses.
    function _unprovable() private returns (uint80 last) {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 10);
        history.append(0, LATER_OPENING);
        return history.append(3000 * DOLLAR, LATER - 300);
    }

    function _long(int256 first) private returns (uint80 last) {
        history.set(1, 1, first, LATER_OPENING);
        for (uint256 i = 1; i < 600; ++i) {
            last = history.append(3000 * DOLLAR, LATER_OPENING + i);
        }
        vm.warp(LATER + 1 days);
    }
}
