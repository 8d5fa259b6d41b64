// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice The local feed behaves as a Chainlink proxy does.
contract ReplayFeedTest is MarketsFixture {
    function setUp() public override {
        super.setUp();
        feed = new ReplayFeed(8, "empty", address(this));
    }

    function test_OnlyItsOwnerPosts() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        vm.prank(STRANGER);
        feed.post(1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        vm.prank(STRANGER);
        feed.startPhase();
    }

    function test_RefusesAnAnswerThatItCannotHold() public {
        int256 huge = int256(1) << 191;
        vm.expectRevert(abi.encodeWithSelector(ReplayFeed.AnswerTooLarge.selector, huge));
        feed.post(huge);
    }

    function test_RevertsForARoundThatIsNot() public {
        vm.expectRevert("No data present");
        feed.latestRoundData();
        vm.expectRevert("No data present");
        feed.getRoundData(uint80(1) << 64 | 1);
    }

    function test_KeepsEveryRoundAcrossPhases() public {
        vm.expectEmit(address(feed));
        emit ReplayFeed.AnswerUpdated(100, uint256(1) << 64 | 1, START);
        assertEq(feed.post(100), uint256(1) << 64 | 1, "first");
        vm.warp(START + 1);
        assertEq(feed.post(101), uint256(1) << 64 | 2, "second");
        feed.startPhase();
        vm.warp(START + 2);
        assertEq(feed.post(102), uint256(2) << 64 | 1, "numbers start again");
        (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) =
            feed.getRoundData(uint80(1) << 64 | 2);
        assertEq(id, uint256(1) << 64 | 2, "id");
        assertEq(answer, 101, "answer");
        assertEq(startedAt, START + 1, "started");
        assertEq(updatedAt, START + 1, "updated");
        assertEq(answeredIn, id, "answered in");
        (id, answer,,,) = feed.latestRoundData();
        assertEq(id, uint256(2) << 64 | 1, "latest id");
        assertEq(answer, 102, "latest");
    }
}
