// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {RoundReader} from "../../../contracts/libraries/RoundReader.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {HistoryFeed} from "../support/HistoryFeed.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice `settle`: who may, with which round, and the average it stores.
contract SettleTest is MarketsFixture {
    uint40 private constant OPENING = EXPIRY - 30 minutes;

    // --- failures ---

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, EXPIRY + 1 days));
        markets.settle(ETH, EXPIRY + 1 days, 1);
    }

    function test_RefusesBeforeAndAtExpiry() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotExpired.selector, EXPIRY, EXPIRY));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesASecondTime() public {
        settleAt(ETH, EXPIRY, feed, 3000e18);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadySettled.selector, ETH, EXPIRY));
        markets.settle(ETH, EXPIRY, uint80(1) << 64 | 1);
    }

    function test_RefusesARoundThatDoesNotExist() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, last + 1));
        markets.settle(ETH, EXPIRY, last + 1);
    }

    function test_RefusesARoundDatedAfterExpiry() public {
        post(OPENING, 3000);
        uint80 late = post(EXPIRY + 1, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, late));
        markets.settle(ETH, EXPIRY, late);
    }

    function test_RefusesARoundWhoseSuccessorIsDatedAtExpiry() public {
        uint80 early = post(OPENING, 3000);
        post(EXPIRY, 3001);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, early));
        markets.settle(ETH, EXPIRY, early);
    }

    function test_RefusesTheNewestRoundUntilAMinutePastExpiry() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 59);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, last));
        markets.settle(ETH, EXPIRY, last);
        vm.warp(EXPIRY + 60);
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesANonPositiveAnswer() public {
        post(OPENING - 1, 3000);
        post(OPENING + 100, -1);
        uint80 last = post(OPENING + 200, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, -1e8));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAnAnswerOutOfRange() public {
        uint80 last = post(OPENING, 100_001);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, 100_001e8));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAnAnswerInForceBeyondTheFrozenAge() public {
        uint256 old = OPENING + 100 - 7201;
        post(old, 3000);
        uint80 last = post(OPENING + 100, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, old, 7200));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAHistoryThatBeginsInsideTheWindow() public {
        HistoryFeed young = new HistoryFeed();
        young.set(9, 1, 3000e8, START);
        uint40 expiry = _listWith(address(young), address(0));
        uint80 first = young.set(1, 1, 3000e8, expiry - 1799);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.WindowNotCovered.selector, first));
        markets.settle(ETH, expiry, first);
    }

    function test_RefusesAGapInTheHistory() public {
        HistoryFeed gappy = new HistoryFeed();
        gappy.set(9, 1, 3000e8, START);
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 1, 3000e8, expiry - 1801);
        gappy.set(1, 3, 3000e8, expiry - 10);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 3);
        // The round before the gap has no successor, but it is not the feed's newest.
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, uint80(1) << 64 | 1));
        markets.settle(ETH, expiry, uint80(1) << 64 | 1);
    }

    function test_RefusesDatesThatRiseOnTheWayBack() public {
        HistoryFeed gappy = new HistoryFeed();
        gappy.set(9, 1, 3000e8, START);
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 1, 3000e8, expiry - 1801);
        gappy.set(1, 2, 3000e8, expiry - 100);
        gappy.set(1, 3, 3000e8, expiry - 200);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 3);
    }

    function test_TakesAnIncompleteRoundForNone() public {
        HistoryFeed gappy = new HistoryFeed();
        gappy.set(9, 1, 3000e8, START);
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 1, 3000e8, expiry - 1801);
        gappy.set(1, 2, 3000e8, 0);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 2);
    }

    function test_TakesARefusalForNoRoundWhateverItSays() public {
        post(OPENING, 3000);
        uint80 last = post(EXPIRY - 1, 3000);
        bytes memory answer = abi.encode(uint256(last), int256(9000e8), EXPIRY - 1, EXPIRY - 1, uint256(last));
        vm.mockCallRevert(address(feed), abi.encodeCall(IAggregatorV3.getRoundData, (last)), answer);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, last));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesACallThatStarvesTheReadOfARound() public {
        uint80 early = post(OPENING, 3000);
        post(EXPIRY - 1, 3001);
        vm.warp(EXPIRY + 60);
        // From far too little gas to enough: an existing successor is never taken for an absent one.
        for (uint256 gas_ = 20_000; gas_ < 700_000; gas_ += 10_000) {
            (bool ok,) = address(markets).call{gas: gas_}(abi.encodeCall(IMarkets.settle, (ETH, EXPIRY, early)));
            assertTrue(!ok, "a starved read settled at the wrong round");
        }
        (bool enough, bytes memory refusal) =
            address(markets).call{gas: 150_000}(abi.encodeCall(IMarkets.settle, (ETH, EXPIRY, early)));
        assertTrue(!enough, "150,000 gas suffices for a read of 200,000");
        assertEq(uint32(bytes4(refusal)), uint32(RoundReader.NotEnoughGas.selector), "refusal");
    }

    // --- the sequencer, by its own rounds ---

    function test_RefusesAWindowInWhichTheSequencerWasDown() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        vm.warp(expiry - 1700);
        uptime.post(1);
        vm.warp(expiry - 1600);
        uptime.post(0);
        uint80 last = post(expiry - 10, 3000);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, expiry - 1700));
        markets.settle(ETH, expiry, last);
    }

    function test_RefusesASequencerDownSinceBeforeTheWindow() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        uptime.post(1);
        uint80 last = post(expiry - 1800, 3000);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, START + 3600));
        markets.settle(ETH, expiry, last);
    }

    function test_SettlesWhenTheSequencerWentDownAfterExpiry() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        uint80 last = post(expiry - 1800, 3000);
        vm.warp(expiry + 10);
        uptime.post(1);
        vm.warp(expiry + 60);
        assertEq(markets.settle(ETH, expiry, last), 3000e18, "price");
    }

    /// @dev The walk back over the sequencer's changes is bounded: beyond it the fallback is left.
    function test_RefusesASequencerThatChangedTooOftenSinceExpiry() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        uint80 last = post(expiry - 1800, 3000);
        for (uint256 i = 1; i <= 64; ++i) {
            vm.warp(expiry + i);
            uptime.post(int256(i % 2));
        }
        vm.warp(expiry + 100);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, expiry + 1));
        markets.settle(ETH, expiry, last);
    }

    // --- the price ---

    function test_StoresPriceAndSettlerOnce() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 60);
        (uint256 before,) = markets.settlement(ETH, EXPIRY);
        assertEq(before, 0, "unsettled");
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        markets.settlementPrice(ETH, EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        markets.settlementRule(ETH, EXPIRY);
        vm.expectEmit(address(markets));
        emit IMarkets.Settled(ETH, EXPIRY, 3000e18, last, STRANGER, IMarkets.Rule.AVERAGE);
        vm.prank(STRANGER);
        markets.settle(ETH, EXPIRY, last);
        (uint256 price, address settler) = markets.settlement(ETH, EXPIRY);
        assertEq(price, 3000e18, "price");
        assertEq(markets.settlementPrice(ETH, EXPIRY), price, "one price");
        assertEq(settler, STRANGER, "settler");
        assertTrue(markets.settlementRule(ETH, EXPIRY) == IMarkets.Rule.AVERAGE, "rule");
    }

    function test_WeighsEachAnswerByTheTimeItWasInForce() public {
        post(OPENING - 600, 1000);
        post(OPENING + 300, 2000);
        post(OPENING + 300, 4000);
        uint80 last = post(EXPIRY - 1, 10_000);
        post(EXPIRY + 1, 99_999);
        // The answer before the opening counts from the opening; two rounds of one second leave the later one.
        uint256 expected = (300 * 1000e18 + 1499 * 4000e18 + 1 * 10_000e18) / uint256(1800);
        assertEq(markets.settle(ETH, EXPIRY, last), expected, "average");
    }

    function test_SettlesByTheSuccessorAtOnce() public {
        uint80 last = post(OPENING, 3000);
        post(EXPIRY + 1, 5000);
        assertEq(markets.settle(ETH, EXPIRY, last), 3000e18, "no minute to wait with a successor");
    }

    function test_SettlesInThePreviousPhaseWhenTheLiveOneBeganAfterExpiry() public {
        uint80 last = post(OPENING, 3000);
        feed.startPhase();
        post(EXPIRY + 5, 4000);
        assertEq(markets.settle(ETH, EXPIRY, last), 3000e18, "price");
    }

    function test_RefusesThePreviousPhaseWhenTheLiveOneReachesExpiry() public {
        uint80 early = post(OPENING - 10, 3000);
        feed.startPhase();
        uint80 last = post(OPENING - 5, 4000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, early));
        markets.settle(ETH, EXPIRY, early);
        assertEq(markets.settle(ETH, EXPIRY, last), 4000e18, "price");
    }

    function test_UsesTheFeedFrozenAtListing() public {
        ReplayFeed other = new ReplayFeed(8, "other", address(this));
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = address(other);
        markets.setFeed(ETH, config);
        vm.warp(OPENING);
        other.post(9999e8);
        settleAt(ETH, EXPIRY, feed, 3000e18);
        assertEq(markets.settlementPrice(ETH, EXPIRY), 3000e18, "price");
    }

    function _listWith(address feed_, address sequencer) private returns (uint40 expiry) {
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = feed_;
        config.sequencerFeed = sequencer;
        config.sequencerGrace = 3600;
        markets.setFeed(ETH, config);
        expiry = EXPIRY + 1 days;
        // A sequencer that is up for its grace period: listing reads spot.
        if (sequencer != address(0)) vm.warp(START + 3600);
        markets.listExpiry(ETH, expiry);
    }
}
