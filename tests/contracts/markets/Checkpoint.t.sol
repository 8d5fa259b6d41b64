// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SpotTerms} from "../../../contracts/libraries/SpotTerms.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";

/// @notice `checkpoint`: what is read, what is kept, and that nothing later touches what an expiry uses.
contract CheckpointTest is HistoryFixture {
    // --- failures ---

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, LATER + 1 days));
        markets.checkpoint(ETH, LATER + 1 days);
    }

    function test_RefusesWhatSpotRefuses() public {
        history.append(0, START + 10);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, 0));
        markets.checkpoint(ETH, LATER);
        history.append(3000 * DOLLAR, START + 10);
        vm.warp(START + 10 + 7201);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, START + 10, 7200));
        markets.checkpoint(ETH, LATER);
    }

    function test_AListingNeedsAFeedThatCanBeRead() public {
        vm.warp(START + 7201);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, START, 7200));
        markets.listExpiry(ETH, LATER + 1 days);
    }

    // --- what is kept ---

    function test_AnybodyKeepsSpot() public {
        uint80 id = history.append(3100 * DOLLAR, LATER - 4000);
        vm.warp(LATER - 3000);
        vm.expectEmit(address(markets));
        emit IMarkets.Checkpointed(ETH, 2, id, 3100e18);
        vm.prank(STRANGER);
        (uint256 price, uint256 updatedAt) = markets.checkpoint(ETH, LATER);
        assertEq(price, 3100e18, "price");
        assertEq(updatedAt, LATER - 4000, "date");
        _assertKept(id, LATER - 3000, 3100e18);
    }

    /// @dev What a vault trades by: the same spot, kept in the same way, with what its pricer needs of the frozen feed.
    function test_ATradesReadingIsKeptToo() public {
        uint80 id = history.append(3100 * DOLLAR, LATER - 4000);
        vm.warp(LATER - 3000);
        assertEq(SpotTerms.unwrap(markets.spotTerms(ETH, LATER)), 50 << 160 | 7200 << 128 | 3100e18, "read");
        vm.expectEmit(address(markets));
        emit IMarkets.Checkpointed(ETH, 2, id, 3100e18);
        vm.prank(STRANGER);
        SpotTerms terms = markets.checkpointTerms(ETH, LATER);
        assertEq(terms.price(), 3100e18, "price");
        assertEq(terms.maxAge(), 7200, "maximum age");
        assertEq(terms.deviationBps(), 50, "deviation threshold");
        _assertKept(id, LATER - 3000, 3100e18);
    }

    function test_ATradesReadingRefusesWhatSpotRefuses() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, LATER + 1 days));
        markets.checkpointTerms(ETH, LATER + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, LATER + 1 days));
        markets.spotTerms(ETH, LATER + 1 days);
        vm.warp(START + 7201);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, START, 7200));
        markets.checkpointTerms(ETH, LATER);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, START, 7200));
        markets.spotTerms(ETH, LATER);
    }

    function test_RenewsAfterFiveMinutesOnly() public {
        uint80 first = history.append(3100 * DOLLAR, LATER - 3000);
        checkpointAt(LATER - 3000);
        uint80 second = history.append(3200 * DOLLAR, LATER - 2900);
        checkpointAt(LATER - 2701);
        _assertKept(first, LATER - 3000, 3100e18);
        checkpointAt(LATER - 2700);
        _assertKept(second, LATER - 2700, 3200e18);
    }

    function test_KeepsANewPhaseAtOnce() public {
        history.append(3100 * DOLLAR, LATER - 3000);
        checkpointAt(LATER - 3000);
        uint80 moved = history.set(10, 1, 3200 * DOLLAR, LATER - 2999);
        checkpointAt(LATER - 2999);
        _assertKept(moved, LATER - 2999, 3200e18);
    }

    function test_TheLastSecondOfADayCountsForItsExpiry() public {
        uint80 id = history.append(3100 * DOLLAR, LATER - 10);
        checkpointAt(LATER);
        _assertKept(id, LATER, 3100e18);
    }

    function test_NothingAfterExpiryTouchesIt() public {
        uint80 id = history.append(3100 * DOLLAR, LATER - 10);
        checkpointAt(LATER - 9);
        history.set(10, 1, 9000 * DOLLAR, LATER + 1);
        vm.expectEmit(address(markets));
        emit IMarkets.Checkpointed(ETH, 2, history.newest(), 9000e18);
        checkpointAt(LATER + 1);
        _assertKept(id, LATER - 9, 3100e18);
    }

    function test_NoneWithinTheDayIsNone() public {
        _assertKept(0, 0, 0);
        history.append(3100 * DOLLAR, EXPIRY - 1);
        checkpointAt(EXPIRY);
        // The second at which the day before ends is not within the last day.
        _assertKept(0, 0, 0);
        checkpointAt(EXPIRY + 1);
        _assertKept(history.newest(), EXPIRY + 1, 3100e18);
    }

    function test_EachFeedVersionHasItsOwn() public {
        history.append(3100 * DOLLAR, EXPIRY - 100);
        post(EXPIRY - 100, 2900);
        checkpointAt(EXPIRY - 50);
        IMarkets.Checkpoint memory kept = markets.lastCheckpoint(ETH, EXPIRY);
        assertEq(kept.timestamp, 0, "the older version was not read");
        markets.checkpoint(ETH, EXPIRY);
        kept = markets.lastCheckpoint(ETH, EXPIRY);
        assertEq(kept.price, 2900e18, "the older version's feed");
    }

    function _assertKept(uint80 roundId, uint256 timestamp, uint256 price) private view {
        IMarkets.Checkpoint memory kept = markets.lastCheckpoint(ETH, LATER);
        assertEq(kept.roundId, roundId, "round");
        assertEq(kept.timestamp, timestamp, "time");
        assertEq(kept.price, price, "price");
    }
}
