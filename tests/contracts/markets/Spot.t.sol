// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

contract SpotTest is MarketsFixture {
    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, EXPIRY + 1 days));
        markets.spot(ETH, EXPIRY + 1 days);
    }

    function test_RefusesAnAnswerOlderThanTheFrozenAge() public {
        feed.post(3000e8);
        vm.warp(START + 7200);
        markets.spot(ETH, EXPIRY);
        vm.warp(START + 7201);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, START, 7200));
        markets.spot(ETH, EXPIRY);
    }

    function test_RefusesAnAnswerOutOfRange() public {
        int256[4] memory answers = [int256(0), -3000e8, 10e8 - 1, 100_000e8 + 1];
        for (uint256 i; i < answers.length; ++i) {
            feed.post(answers[i]);
            vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, answers[i]));
            markets.spot(ETH, EXPIRY);
        }
    }

    function test_RefusesAnAnswerBeyondTheArithmetic() public {
        int256 huge = int256(1) << 190;
        // The replay feed itself refuses it, another feed may not.
        uint80 id = 1;
        bytes memory round = abi.encode(id, huge, vm.getBlockTimestamp(), vm.getBlockTimestamp(), id);
        vm.mockCall(address(feed), abi.encodeWithSignature("latestRoundData()"), round);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, huge));
        markets.spot(ETH, EXPIRY);
    }

    function test_RefusesWhileTheSequencerIsDownAndInItsGrace() public {
        ReplayFeed uptime = _withSequencer();
        uint256 start = START + 3600;
        uptime.post(1);
        feed.post(3000e8);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, start));
        markets.spot(ETH, EXPIRY + 1 days);
        vm.warp(start + 10);
        uptime.post(0);
        vm.warp(start + 10 + 3599);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, start + 10));
        markets.spot(ETH, EXPIRY + 1 days);
        vm.warp(start + 10 + 3600);
        (uint256 price,) = markets.spot(ETH, EXPIRY + 1 days);
        assertEq(price, 3000e18, "after the grace");
    }

    function test_RefusesASequencerThatNeverReported() public {
        ReplayFeed uptime = _withSequencer();
        feed.post(3000e8);
        vm.mockCall(
            address(uptime),
            abi.encodeCall(uptime.latestRoundData, ()),
            abi.encode(uint80(0), int256(0), uint256(0), START, uint80(0))
        );
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, 0));
        markets.spot(ETH, EXPIRY + 1 days);
    }

    function test_ReadsTheFrozenFeedInWad() public {
        feed.post(3000.12345678e8);
        vm.warp(START + 5);
        (uint256 price, uint256 updatedAt) = markets.spot(ETH, EXPIRY);
        assertEq(price, 3000.12345678e18, "price");
        assertEq(updatedAt, START, "date");
    }

    function _withSequencer() private returns (ReplayFeed uptime) {
        uptime = new ReplayFeed(0, "uptime", address(this));
        IMarkets.FeedConfig memory config = feedConfig();
        config.sequencerFeed = address(uptime);
        config.sequencerGrace = 3600;
        markets.setFeed(ETH, config);
        // Listing reads spot: up for the grace period.
        uptime.post(0);
        vm.warp(START + 3600);
        markets.listExpiry(ETH, EXPIRY + 1 days);
    }
}
