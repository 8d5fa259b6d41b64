// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {TestWrappedNative} from "../../../contracts/mocks/TestWrappedNative.sol";
import {Test} from "./Test.sol";

/// @notice Markets with one market WETH/USDC, a replayed feed of 8 decimals and one listed expiry, five days ahead.
/// The test contract is the administrator and the feed's owner.
abstract contract MarketsFixture is Test {
    uint40 internal constant START = 1_790_000_000;
    uint40 internal constant EXPIRY = (START / 1 days + 5) * 1 days + 8 hours;
    uint16 internal constant ETH = 1;

    address internal immutable STRANGER = makeAddr("stranger");

    AccessManager internal access;
    IMarkets internal markets;
    ReplayFeed internal feed;
    TestToken internal weth;
    TestToken internal usdc;

    function setUp() public virtual {
        vm.warp(START);
        access = AccessManager(vm.deployCode("AccessManager.sol:AccessManager", abi.encode(address(this))));
        markets = IMarkets(vm.deployCode("Markets.sol:Markets", abi.encode(address(access))));
        weth = new TestWrappedNative("Wrapped Ether", "WETH");
        usdc = new TestToken("USD Coin", "USDC", 6);
        feed = new ReplayFeed(8, "ETH / USD", address(this));
        // Listing reads spot.
        feed.post(3000e8);
        markets.addMarket(address(weth), address(usdc), feedConfig());
        markets.listExpiry(ETH, EXPIRY);
    }

    /// @dev Settings that pass every check; tests change one at a time.
    function feedConfig() internal view returns (IMarkets.FeedConfig memory config) {
        config.feed = address(feed);
        config.decimals = 8;
        config.heartbeat = 3600;
        config.maxAge = 7200;
        config.deviationBps = 50;
        config.minPrice = 10e18;
        config.maxPrice = 100_000e18;
    }

    function post(uint256 timestamp, int256 dollars) internal returns (uint80 roundId) {
        vm.warp(timestamp);
        return feed.post(dollars * 1e8);
    }

    /// @dev Settles at a flat price, and leaves the chain just past the expiry.
    function settleAt(uint16 market, uint40 expiry, ReplayFeed feed_, uint256 priceWad) internal {
        vm.warp(expiry - 30 minutes);
        uint80 last = feed_.post(int256(priceWad / 1e10));
        vm.warp(expiry + 60);
        markets.settle(market, expiry, last);
    }

    function list(SeriesId id) internal {
        SeriesId[] memory ids = new SeriesId[](1);
        ids[0] = id;
        markets.listSeries(ids);
    }

    /// @param strike Whole units of quote.
    function call(uint64 strike) internal pure returns (SeriesId) {
        return SeriesIdLib.pack(ETH, Side.CALL, EXPIRY, strike * 1e8);
    }

    function put(uint64 strike) internal pure returns (SeriesId) {
        return SeriesIdLib.pack(ETH, Side.PUT, EXPIRY, strike * 1e8);
    }
}
