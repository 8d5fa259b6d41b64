// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";

/// @notice One signer can stop an expiry for a while, not for ever.
contract HaltTest is VolatilityFixture {
    function setUp() public override {
        super.setUp();
        postVolatility(NEAR, 0.6e18);
    }

    function test_refusesAStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NotSigner.selector, address(this)));
        oracle.halt(MARKET, NEAR);
    }

    function test_refusesAnExpiryWithoutASlice() public {
        vm.prank(signers[0]);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.NoSlice.selector, MARKET, FAR));
        oracle.halt(MARKET, FAR);
    }

    function test_refusesAPassedExpiry() public {
        vm.warp(NEAR);
        vm.prank(signers[0]);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.ExpiryPassed.selector, NEAR));
        oracle.halt(MARKET, NEAR);
    }

    function test_haltsForAHeartbeatEvenWhenReportsFit() public {
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryHalted(MARKET, NEAR, START + 6 hours, signers[0]);
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        skip(1 hours);
        postVolatility(NEAR, 0.6e18);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.Halted.selector, MARKET, NEAR));
        oracle.tradableSlices(MARKET, NEAR);
        oracle.freshSlices(MARKET, NEAR);
        skip(5 hours);
        oracle.tradableSlices(MARKET, NEAR);
    }

    function test_eachSignerHaltsAnExpiryThreeTimes() public {
        for (uint256 i; i < 3; ++i) {
            vm.prank(signers[0]);
            oracle.halt(MARKET, NEAR);
            skip(6 hours);
            postVolatility(NEAR, 0.6e18);
        }
        vm.prank(signers[0]);
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.HaltsUsedUp.selector, signers[0], 3));
        oracle.halt(MARKET, NEAR);
        vm.prank(signers[1]);
        oracle.halt(MARKET, NEAR);
    }

    function test_theNewestEventTellsTheWholeHalt() public {
        skip(1 hours);
        postVolatility(NEAR, 0.9e18); // clipped
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryHalted(MARKET, NEAR, type(uint40).max, signers[0]);
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        skip(1 hours);
        IVolatilityOracle.SurfaceReport memory r =
            report(vm.getBlockTimestamp(), sliceReport(NEAR, 0.65e18, vm.getBlockTimestamp()));
        bytes[] memory signatures = sign(r, 2);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryHalted(MARKET, NEAR, START + 7 hours, address(0));
        oracle.post(r, signatures);
        assertTrue(oracle.isHalted(MARKET, NEAR));
    }
}
