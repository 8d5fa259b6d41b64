// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

contract ListExpiryTest is MarketsFixture {
    function test_RefusesACallerWithoutTheRole() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        markets.listExpiry(ETH, EXPIRY + 1 days);
    }

    function test_RefusesAnUnknownMarket() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, 9));
        markets.listExpiry(9, EXPIRY);
    }

    function test_RefusesATimeOtherThanEightUtc() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.ExpiryNotAligned.selector, EXPIRY + 1));
        markets.listExpiry(ETH, EXPIRY + 1);
    }

    function test_RefusesTheCurrentSecondAndThePast() public {
        vm.warp(EXPIRY + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.ExpiryInPast.selector, EXPIRY + 1 days, EXPIRY + 1 days));
        markets.listExpiry(ETH, EXPIRY + 1 days);
    }

    function test_RefusesASecondListing() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadyListed.selector, uint256(ETH) << 40 | EXPIRY));
        markets.listExpiry(ETH, EXPIRY);
    }

    /// @dev A vault that holds an expiry processes nothing from the feed's age before it on: with dailies on a feed of a
    /// day's age, never.
    function test_ASlowFeedHasFridaysOnly() public {
        IMarkets.FeedConfig memory config = feedConfig();
        (config.heartbeat, config.maxAge) = (6 hours, 12 hours);
        markets.setFeed(ETH, config);
        markets.listExpiry(ETH, EXPIRY + 1 days); // a Sunday
        config.maxAge = 12 hours + 1;
        markets.setFeed(ETH, config);
        for (uint40 day = 2; day < 9; ++day) {
            uint40 expiry = EXPIRY + day * 1 days;
            if (day == 6) continue;
            vm.expectRevert(abi.encodeWithSelector(IMarkets.FeedTooSlowForDailies.selector, expiry));
            markets.listExpiry(ETH, expiry);
        }
        markets.listExpiry(ETH, EXPIRY + 6 days); // 2 October 2026, a Friday
        assertTrue(markets.isExpiryListed(ETH, EXPIRY + 6 days), "Friday");
    }

    function test_FreezesTheFeedVersion() public {
        vm.expectEmit(address(markets));
        emit IMarkets.ExpiryListed(ETH, EXPIRY + 1 days, 1);
        markets.listExpiry(ETH, EXPIRY + 1 days);
        assertTrue(markets.isExpiryListed(ETH, EXPIRY + 1 days), "listed");
        assertFalse(markets.isExpiryListed(ETH, EXPIRY + 2 days), "not listed");
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, EXPIRY + 2 days));
        markets.feedConfig(ETH, EXPIRY + 2 days);
    }

    function test_TheListingCanBeReadBackInPages() public {
        markets.listExpiry(ETH, EXPIRY + 2 days);
        markets.listExpiry(ETH, EXPIRY + 1 days);
        assertEq(markets.expiryCount(ETH), 3);
        uint40[] memory page = markets.expiries(ETH, 1, 5);
        assertEq(page.length, 2);
        assertTrue(page[0] == EXPIRY + 2 days && page[1] == EXPIRY + 1 days, "in the order of listing");
        assertEq(markets.expiries(ETH, 0, 1).length, 1);
        assertEq(markets.expiries(ETH, 0, type(uint256).max).length, 3);
        assertEq(markets.expiries(ETH, 3, 1).length, 0);
        assertEq(markets.expiries(ETH, type(uint256).max, 1).length, 0);
        assertEq(markets.expiryCount(2), 0);
    }
}
