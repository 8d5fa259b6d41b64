// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Test} from "../support/Test.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice A WETH/USDC market at 3000 with two listed expiries, and a volatility oracle with two of three signers.
abstract contract VolatilityFixture is Test {
    uint16 internal constant MARKET = 1;
    uint256 internal constant YEAR = 365 days;
    /// @dev A Monday, 08:00 UTC.
    uint40 internal constant START = 1_795_420_800;
    uint40 internal constant NEAR = START + 7 days;
    uint40 internal constant FAR = START + 28 days;

    AccessManager internal access;
    TestToken internal weth;
    TestToken internal usdc;
    ReplayFeed internal feed;
    IMarkets internal markets;
    IVolatilityOracle internal oracle;

    uint256[3] internal keys;
    address[3] internal signers;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1000);
        access = AccessManager(vm.deployCode("AccessManager.sol:AccessManager", abi.encode(address(this))));
        weth = TestToken(vm.deployCode("TestToken.sol:TestToken", abi.encode("Wrapped Ether", "WETH", 18)));
        usdc = TestToken(vm.deployCode("TestToken.sol:TestToken", abi.encode("USD Coin", "USDC", 6)));
        feed = ReplayFeed(vm.deployCode("ReplayFeed.sol:ReplayFeed", abi.encode(8, "ETH / USD", address(this))));
        feed.post(3000e8);
        markets = IMarkets(vm.deployCode("Markets.sol:Markets", abi.encode(address(access))));
        markets.addMarket(address(weth), address(usdc), feedConfig());
        markets.listExpiry(MARKET, NEAR);
        markets.listExpiry(MARKET, FAR);
        oracle = IVolatilityOracle(
            vm.deployCode("VolatilityOracle.sol:VolatilityOracle", abi.encode(address(access), address(markets)))
        );
        _makeSigners();
        address[] memory list = new address[](3);
        for (uint256 i; i < 3; ++i) {
            list[i] = signers[i];
        }
        oracle.setSigners(list, 2);
        oracle.setAnchor(MARKET, 0.6e18);
    }

    function feedConfig() internal view returns (IMarkets.FeedConfig memory) {
        return IMarkets.FeedConfig({
            feed: address(feed),
            decimals: 8,
            heartbeat: 1 hours,
            maxAge: 2 hours,
            deviationBps: 50,
            minPrice: 1e18,
            maxPrice: 1_000_000e18,
            sequencerFeed: address(0),
            sequencerGrace: 0
        });
    }

    function _makeSigners() private {
        string[3] memory names = ["signer one", "signer two", "signer three"];
        for (uint256 i; i < 3; ++i) {
            (signers[i], keys[i]) = makeAddrAndKey(names[i]);
        }
        // ascending by address
        for (uint256 i; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (signers[j] < signers[i]) {
                    (signers[i], signers[j]) = (signers[j], signers[i]);
                    (keys[i], keys[j]) = (keys[j], keys[i]);
                }
            }
        }
    }

    /// @notice A slice with this at-the-money volatility (WAD) at this time, and a mild skew of the same shape over the
    /// standard deviation whatever the expiry: phi = 0.4 / sqrt(theta).
    function sliceReport(uint40 expiry, uint256 volatility, uint256 timestamp)
        internal
        pure
        returns (IVolatilityOracle.SliceReport memory)
    {
        uint256 thetaWad = volatility * volatility / 1e18 * (expiry - timestamp) / YEAR;
        return IVolatilityOracle.SliceReport({
            expiry: expiry,
            theta: uint64(thetaWad / 100),
            phi: uint64(0.4e33 / FixedPointMathLib.sqrt(thetaWad * 1e18)),
            rho: -0.2e12,
            carry: 0.03e9
        });
    }

    function report(uint256 timestamp, IVolatilityOracle.SliceReport memory only)
        internal
        pure
        returns (IVolatilityOracle.SurfaceReport memory r)
    {
        r.market = MARKET;
        r.timestamp = uint40(timestamp);
        r.slices = new IVolatilityOracle.SliceReport[](1);
        r.slices[0] = only;
    }

    /// @notice Signatures of the first `count` signers, in ascending order.
    function sign(IVolatilityOracle.SurfaceReport memory r, uint256 count)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](count);
        bytes32 digest = oracle.hashReport(r);
        for (uint256 i; i < count; ++i) {
            signatures[i] = signWith(keys[i], digest);
        }
    }

    function signWith(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice Posts one slice, signed by two.
    function post(IVolatilityOracle.SliceReport memory only) internal {
        IVolatilityOracle.SurfaceReport memory r = report(vm.getBlockTimestamp(), only);
        bytes[] memory signatures = sign(r, 2);
        oracle.post(r, signatures);
    }

    function postVolatility(uint40 expiry, uint256 volatility) internal {
        post(sliceReport(expiry, volatility, vm.getBlockTimestamp()));
    }

    /// @notice Expects the posting of one slice, signed by two, to be refused.
    function expectRefused(IVolatilityOracle.SliceReport memory only, bytes memory refusal) internal {
        IVolatilityOracle.SurfaceReport memory r = report(vm.getBlockTimestamp(), only);
        bytes[] memory signatures = sign(r, 2);
        vm.expectRevert(refusal);
        oracle.post(r, signatures);
    }

    // --- batches ---

    /// @notice A report of several slices at the present.
    function batch(IVolatilityOracle.SliceReport[] memory slices)
        internal
        view
        returns (IVolatilityOracle.SurfaceReport memory r)
    {
        (r.market, r.timestamp, r.slices) = (MARKET, uint40(vm.getBlockTimestamp()), slices);
    }

    function pair(IVolatilityOracle.SliceReport memory first, IVolatilityOracle.SliceReport memory second)
        internal
        pure
        returns (IVolatilityOracle.SliceReport[] memory slices)
    {
        slices = new IVolatilityOracle.SliceReport[](2);
        (slices[0], slices[1]) = (first, second);
    }

    function postBatch(IVolatilityOracle.SliceReport[] memory slices) internal {
        IVolatilityOracle.SurfaceReport memory r = batch(slices);
        bytes[] memory signatures = sign(r, 2);
        oracle.post(r, signatures);
    }

    function expectBatchRefused(IVolatilityOracle.SliceReport[] memory slices, bytes memory refusal) internal {
        IVolatilityOracle.SurfaceReport memory r = batch(slices);
        bytes[] memory signatures = sign(r, 2);
        vm.expectRevert(refusal);
        oracle.post(r, signatures);
    }

    // --- volatilities, as options are priced ---

    /// @notice The five points (X96) at which the oracle compares: 0, 1 and 2 standard deviations of a stored slice at a
    /// time, below and above the money.
    function pointsOf(uint40 expiry, uint256 time) internal view returns (int256[5] memory k) {
        IVolatilityOracle.Slice memory s = oracle.slice(MARKET, expiry);
        uint256 theta = uint256(s.theta) * (expiry - time) / (expiry - s.timestamp);
        int256 unit = int256(FixedPointMathLib.sqrt((theta << 140) / 1e16) << 26);
        for (int256 i; i < 5; ++i) {
            k[uint256(i)] = (i - 2) * unit;
        }
    }

    /// @notice Volatilities (WAD) of the stored slice.
    function volatilitiesOf(uint40 expiry, int256[5] memory k) internal view returns (uint256[5] memory volatility) {
        IVolatilityOracle.Slice memory s = oracle.slice(MARKET, expiry);
        for (uint256 i; i < 5; ++i) {
            volatility[i] = OptionPricing.volatilityAt(k[i], s, expiry);
        }
    }

    /// @notice The largest of the five differences.
    function distance(uint256[5] memory a, uint256[5] memory b) internal pure returns (uint256 most) {
        for (uint256 i; i < 5; ++i) {
            most = FixedPointMathLib.max(most, FixedPointMathLib.dist(a[i], b[i]));
        }
    }
}
