// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice `setFeed`: a new version for later listings, none for live ones. Its bounds are in AddMarket.t.sol.
contract SetFeedTest is MarketsFixture {
    function test_RefusesACallerWithoutTheRole() public {
        IMarkets.FeedConfig memory config = feedConfig();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        markets.setFeed(ETH, config);
    }

    function test_RefusesAnUnknownMarket() public {
        IMarkets.FeedConfig memory config = feedConfig();
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, 2));
        markets.setFeed(2, config);
    }

    function test_LeavesListedExpiriesAsTheyWere() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.maxAge = 9000;
        vm.expectEmit(address(markets));
        emit IMarkets.FeedSet(ETH, 2, config);
        markets.setFeed(ETH, config);
        markets.listExpiry(ETH, EXPIRY + 1 days);
        assertEq(markets.market(ETH).feedVersion, 2, "newest version");
        assertEq(markets.feedConfig(ETH, EXPIRY).maxAge, 7200, "frozen");
        assertEq(markets.feedConfig(ETH, EXPIRY + 1 days).maxAge, 9000, "later listing");
    }
}
