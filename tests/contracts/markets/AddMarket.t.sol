// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice `addMarket` and the bounds of a feed's settings, which `setFeed` shares.
contract AddMarketTest is MarketsFixture {
    // --- failures ---

    function test_RefusesACallerWithoutTheRole() public {
        IMarkets.FeedConfig memory config = feedConfig();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        markets.addMarket(address(weth), address(usdc), config);
    }

    function test_RefusesOneTokenOnBothSides() public {
        _refuseTokens(address(weth), address(weth), address(weth));
    }

    function test_RefusesATokenWithoutCode() public {
        _refuseTokens(address(1), address(usdc), address(1));
        _refuseTokens(address(weth), address(0), address(0));
    }

    function test_RefusesATokenWithoutDecimals() public {
        _refuseTokens(address(weth), address(this), address(this));
    }

    function test_RefusesATokenWithMoreThanEighteenDecimals() public {
        address fine = address(new TestToken("fine", "FINE", 19));
        _refuseTokens(fine, address(usdc), fine);
    }

    function test_RefusesAFeedWithoutCode() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = STRANGER;
        _refuseConfig(config, "feed");
    }

    function test_RefusesDecimalsOtherThanTheFeeds() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.decimals = 9;
        _refuseConfig(config, "decimals");
    }

    function test_RefusesMoreThanEighteenDecimals() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = address(new ReplayFeed(19, "fine", address(this)));
        config.decimals = 19;
        _refuseConfig(config, "decimals");
    }

    function test_RefusesAHeartbeatOutsideItsBounds() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.heartbeat = 0;
        _refuseConfig(config, "heartbeat");
        config.heartbeat = 2 days + 1;
        _refuseConfig(config, "heartbeat");
        (config.heartbeat, config.maxAge) = (2 days, 3 days);
        markets.setFeed(ETH, config);
    }

    function test_RefusesAnAgeOutsideItsBounds() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.maxAge = 3600 + 30 minutes - 1;
        _refuseConfig(config, "maxAge");
        config.maxAge = 2 * 3600 + 1 hours + 1;
        _refuseConfig(config, "maxAge");
        // Both ends are allowed.
        config.maxAge = 3600 + 30 minutes;
        markets.setFeed(ETH, config);
        config.maxAge = 2 * 3600 + 1 hours;
        markets.setFeed(ETH, config);
    }

    function test_RefusesADeviationOutsideItsBounds() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.deviationBps = 0;
        _refuseConfig(config, "deviationBps");
        config.deviationBps = 1001;
        _refuseConfig(config, "deviationBps");
    }

    function test_RefusesARangeThatIsNone() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.minPrice = 0;
        _refuseConfig(config, "minPrice");
        config.minPrice = config.maxPrice;
        _refuseConfig(config, "maxPrice");
        config.minPrice = 1;
        config.maxPrice = 1 << 124;
        _refuseConfig(config, "maxPrice");
    }

    function test_RefusesASequencerFeedWithoutCodeOrTooLongAGrace() public {
        IMarkets.FeedConfig memory config = feedConfig();
        config.sequencerFeed = STRANGER;
        _refuseConfig(config, "sequencerFeed");
        config.sequencerFeed = address(feed);
        config.sequencerGrace = 1 days + 1;
        _refuseConfig(config, "sequencerGrace");
    }

    // --- what it does ---

    function test_NumbersMarketsFromOneAndKeepsTheirTokens() public {
        TestToken wbtc = new TestToken("Wrapped Bitcoin", "WBTC", 8);
        IMarkets.FeedConfig memory config = feedConfig();
        vm.expectEmit(address(markets));
        emit IMarkets.MarketAdded(2, address(wbtc), 8, address(usdc), 6);
        vm.expectEmit(address(markets));
        emit IMarkets.FeedSet(2, 1, config);
        assertEq(markets.addMarket(address(wbtc), address(usdc), config), 2, "id");

        assertEq(markets.marketCount(), 2, "count");
        IMarkets.Market memory m = markets.market(2);
        assertEq(m.base, address(wbtc));
        assertEq(m.baseDecimals, 8);
        assertEq(m.quote, address(usdc));
        assertEq(m.quoteDecimals, 6);
        assertEq(m.feedVersion, 1);
    }

    function test_ACallSettlesInBaseAndAPutInQuote() public view {
        (address token, uint8 decimals) = markets.settlementAsset(ETH, Side.CALL);
        assertEq(token, address(weth));
        assertEq(decimals, 18);
        (token, decimals) = markets.settlementAsset(ETH, Side.PUT);
        assertEq(token, address(usdc));
        assertEq(decimals, 6);
    }

    function test_ReadsRefuseAnUnknownMarket() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, 2));
        markets.market(2);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, 0));
        markets.settlementAsset(0, Side.CALL);
    }

    function _refuseTokens(address base, address quote, address bad) private {
        IMarkets.FeedConfig memory config = feedConfig();
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadToken.selector, bad));
        markets.addMarket(base, quote, config);
    }

    function _refuseConfig(IMarkets.FeedConfig memory config, bytes32 what) private {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadFeedConfig.selector, what));
        markets.addMarket(address(weth), address(usdc), config);
    }
}
