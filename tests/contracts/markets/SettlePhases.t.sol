// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";

/// @notice Which phase of a feed settles an expiry, and how its window is filled.
contract SettlePhasesTest is HistoryFixture {
    function test_TheCheckpointedPhaseSettlesThoughTheLiveOneReachesExpiry() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        uint80 last = history.append(3300 * DOLLAR, LATER - 600);
        uint80 other = history.set(2, 1, 4000 * DOLLAR, LATER_OPENING - 1);
        vm.warp(LATER + 60);
        _refusesAsNotLast(other);
        assertEq(settleLater(last), 3100e18, "1200 s at 3000, 600 s at 3300");
    }

    function test_ACheckpointOfTheNewPhaseMovesTheSettlementThere() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        uint80 old = history.append(3300 * DOLLAR, LATER - 600);
        uint80 last = history.set(2, 1, 4000 * DOLLAR, LATER_OPENING - 1);
        checkpointAt(LATER);
        vm.warp(LATER + 60);
        _refusesAsNotLast(old);
        assertEq(settleLater(last), 4000e18, "price");
    }

    function test_WithoutACheckpointTheLivePhaseSettles() public {
        uint80 old = history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        uint80 last = history.set(2, 1, 4000 * DOLLAR, LATER_OPENING - 1);
        vm.warp(LATER + 60);
        _refusesAsNotLast(old);
        assertEq(settleLater(last), 4000e18, "price");
    }

    function test_APhaseThatIsOverWaitsAMinuteForItsEnd() public {
        uint80 last = history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        history.set(2, 1, 4000 * DOLLAR, LATER - 1);
        vm.warp(LATER + 59);
        assertEq(markets.lastRound(ETH, LATER), 0, "none yet");
        _refusesAsNotLast(last);
        vm.warp(LATER + 60);
        assertEq(markets.lastRound(ETH, LATER), last, "the last");
        assertEq(settleLater(last), 3000e18, "price");
    }

    function test_APhaseThatIsOverButStillSpeaksNeedsNoMinute() public {
        uint80 last = history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        history.append(3300 * DOLLAR, LATER + 1);
        history.set(2, 1, 4000 * DOLLAR, LATER - 1);
        vm.warp(LATER + 2);
        assertEq(settleLater(last), 3000e18, "price");
    }

    function test_FillsTheWindowFromThePreviousPhase() public {
        history.set(1, 1, 1000 * DOLLAR, LATER_OPENING - 100);
        history.append(2000 * DOLLAR, LATER_OPENING + 300);
        // The new phase begins at 600 s; what the old one still said after that does not count.
        history.append(9999 * DOLLAR, LATER_OPENING + 601);
        uint80 last = history.set(2, 1, 4000 * DOLLAR, LATER_OPENING + 600);
        vm.warp(LATER + 60);
        uint256 expected = (300 * 1000e18 + 300 * 2000e18 + 1200 * 4000e18) / uint256(1800);
        assertEq(settleLater(last), expected, "average");
    }

    function test_FillsTheWindowFromAsManyPhasesAsItTakes() public {
        history.set(1, 1, 1000 * DOLLAR, LATER_OPENING);
        history.set(2, 1, 2000 * DOLLAR, LATER_OPENING + 600);
        uint80 last = history.set(3, 1, 3000 * DOLLAR, LATER_OPENING + 1200);
        vm.warp(LATER + 60);
        assertEq(settleLater(last), 2000e18, "average");
    }

    function test_RefusesAWindowThatNoPhaseCovers() public {
        uint80 first = history.set(1, 1, 1000 * DOLLAR, LATER_OPENING + 1);
        uint80 last = history.set(2, 1, 2000 * DOLLAR, LATER_OPENING + 600);
        vm.warp(LATER + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.WindowNotCovered.selector, first));
        settleLater(last);
    }

    function test_RefusesAWindowWhosePreviousPhaseIsEmpty() public {
        uint80 last = history.set(2, 1, 2000 * DOLLAR, LATER_OPENING + 600);
        vm.warp(LATER + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.WindowNotCovered.selector, last));
        settleLater(last);
    }

    function test_SettlesAPhaseThatIsOverInItsOnlyKnownRound() public {
        // The feed forgot everything but the round that the checkpoint names.
        uint80 last = history.set(1, 77, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        history.set(2, 1, 4000 * DOLLAR, LATER - 1);
        vm.warp(LATER + 60);
        assertEq(settleLater(last), 3000e18, "price");
    }

    function test_FindsTheLastOfManyRoundsLongAfterwards() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        for (uint256 i; i < 10; ++i) {
            history.append(3000 * DOLLAR, LATER - 600 + i);
        }
        uint80 last = history.newest();
        for (uint256 i; i < 300; ++i) {
            history.append(5000 * DOLLAR, LATER + 1 + i);
        }
        vm.warp(LATER + 5 days);
        assertEq(markets.lastRound(ETH, LATER), last, "found");
        _refusesAsNotLast(last - 1);
        _refusesAsNotLast(last + 1);
        assertEq(settleLater(last), 3000e18, "price");
    }

    function test_AFeedThatDoesNotAnswerHasNoLastRound() public {
        uint80 id = history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        history.setNewest(0);
        vm.warp(LATER + 60);
        assertEq(markets.lastRound(ETH, LATER), 0, "none");
        _refusesAsNotLast(id);
    }

    /// @dev Nobody can know what is in the hole: the fallback decides.
    function test_ARoundBeforeAHoleProvesNothing() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        uint80 before = history.append(3100 * DOLLAR, LATER - 600);
        history.set(1, 4, 3200 * DOLLAR, LATER + 10);
        vm.warp(LATER + 60);
        assertEq(markets.lastRound(ETH, LATER), 0, "none");
        _refusesAsNotLast(before);
    }

    /// @dev A phase without an end must leave the fallback open, not revert whoever looks for its last round.
    function test_APhaseThatHasEveryRoundHasNoLastOne() public {
        history.set(1, 1, 3000 * DOLLAR, LATER_OPENING - 5);
        checkpointAt(LATER_OPENING);
        history.set(2, 1, 4000 * DOLLAR, LATER - 1);
        uint256 date = LATER_OPENING - 5;
        bytes memory always = abi.encode(uint256(1), 3000 * DOLLAR, date, date, uint256(1));
        vm.mockCall(address(history), abi.encodePacked(IAggregatorV3.getRoundData.selector), always);
        vm.warp(LATER + 60);
        assertEq(markets.lastRound(ETH, LATER), 0, "none");
    }

    function test_TheLastRoundIsAskedForAfterExpiryOnly() public {
        vm.warp(LATER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotExpired.selector, LATER, LATER));
        markets.lastRound(ETH, LATER);
    }

    function _refusesAsNotLast(uint80 id) private {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, id));
        settleLater(id);
    }
}
