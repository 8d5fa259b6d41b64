// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {Test} from "../support/Test.sol";

contract ReplayFeedTest is Test {
    ReplayFeed internal feed;

    function setUp() public {
        feed = new ReplayFeed(8, "ETH / USD", address(this));
    }

    function test_RemembersItsNewestRoundsAndNoOlderOne() public {
        uint64 kept = feed.KEPT();
        for (uint64 i = 1; i <= kept + 1; ++i) {
            vm.warp(1_700_000_000 + 30 * uint256(i));
            feed.post(int256(uint256(i)));
        }
        uint80 first = uint80(1) << 64 | 1;
        (uint80 id, int256 answer,, uint256 updatedAt,) = feed.getRoundData(first + 1);
        assertEq(uint256(id), uint256(first + 1));
        assertEq(uint256(answer), 2);
        assertEq(updatedAt, 1_700_000_060);
        (id, answer,,,) = feed.latestRoundData();
        assertEq(uint256(id), uint256(first + kept));
        vm.expectRevert(bytes("No data present"));
        feed.getRoundData(first);
    }
}
