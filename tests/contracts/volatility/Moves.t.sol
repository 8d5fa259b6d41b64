// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {Ssvi} from "../../../contracts/libraries/Ssvi.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";

/// @notice How far a report may move a slice, and what happens when it goes further.
contract MovesTest is VolatilityFixture {
    function _volatility(uint40 expiry) private view returns (uint256) {
        int256[5] memory k;
        return volatilitiesOf(expiry, k)[2];
    }

    // --- first reports ---

    function test_refusesAFirstReportWithoutAnAnchor() public {
        oracle.setAnchor(MARKET, 0);
        expectRefused(
            sliceReport(NEAR, 0.6e18, START), abi.encodeWithSelector(IVolatilityOracle.NoAnchor.selector, MARKET)
        );
    }

    function test_refusesAFirstReportFarFromTheAnchor() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        expectRefused(
            sliceReport(NEAR, 0.9e18, START), abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, NEAR)
        );
        postVolatility(NEAR, 0.7e18);
    }

    function test_aFirstReportMayLieNearItsNeighbour() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postVolatility(NEAR, 0.7e18);
        skip(1 days);
        postVolatility(NEAR, 0.7e18);
        // 0.25 above the anchor, 0.15 above the neighbour
        postVolatility(FAR, 0.85e18);
        assertApproxEqAbs(_volatility(FAR), 0.85e18, 1e12);
    }

    /// @dev A chain of first reports, each within the bound of the one before, would go as far as there are new expiries,
    /// whether they come in one batch or in two.
    function test_newExpiriesVouchForNoOthers() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        // 0.1 above the anchor, and 0.15 above that
        IVolatilityOracle.SliceReport memory first = sliceReport(NEAR, 0.7e18, START);
        IVolatilityOracle.SliceReport memory second = sliceReport(FAR, 0.85e18, START);
        bytes memory refusal = abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, FAR);
        expectBatchRefused(pair(first, second), refusal);
        post(first);
        expectRefused(second, refusal);
        skip(1 days - 1);
        postVolatility(NEAR, 0.7e18);
        expectRefused(sliceReport(FAR, 0.85e18, vm.getBlockTimestamp()), refusal);
        // after the whole capped time it could have moved as far by itself
        skip(1);
        postVolatility(FAR, 0.85e18);
    }

    function test_newExpiriesComeInOneBatchNearTheAnchor() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postBatch(pair(sliceReport(NEAR, 0.7e18, START), sliceReport(FAR, 0.55e18, START)));
        assertApproxEqAbs(_volatility(FAR), 0.55e18, 1e12);
    }

    function test_aNeighbourVouchesOnlyForWhatIsNear() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postVolatility(NEAR, 0.7e18);
        skip(1 days);
        postVolatility(NEAR, 0.7e18);
        expectRefused(
            sliceReport(FAR, 0.95e18, vm.getBlockTimestamp()),
            abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, FAR)
        );
    }

    function test_carryReachesOneEitherWay() public {
        oracle.setBounds(6 hours, 1e18, 2e18, 1 days);
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        s.carry = 1e9;
        post(s);
        assertEq(oracle.slice(MARKET, NEAR).carry, int256(1e9));
        skip(1 days);
        s = sliceReport(NEAR, 0.6e18, vm.getBlockTimestamp());
        s.carry = -1e9;
        post(s);
        assertEq(oracle.slice(MARKET, NEAR).carry, int256(-1e9));
    }

    function test_ofTwoNeighboursTheNearerOneVouches() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        uint40 middle = START + 14 days;
        markets.listExpiry(MARKET, middle);
        postVolatility(NEAR, 0.55e18);
        postVolatility(middle, 0.7e18);
        skip(1 days);
        postVolatility(NEAR, 0.55e18);
        postVolatility(middle, 0.7e18);
        // 0.3 above the first, 0.25 above the anchor, 0.15 above the one beside it
        postVolatility(FAR, 0.85e18);
        assertApproxEqAbs(_volatility(FAR), 0.85e18, 1e12);
    }

    function test_aLaterNeighbourVouchesToo() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postVolatility(FAR, 0.7e18);
        skip(1 days);
        // a day old it is stale, and the anchor counts
        expectRefused(
            sliceReport(NEAR, 0.85e18, vm.getBlockTimestamp()),
            abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, NEAR)
        );
        postVolatility(FAR, 0.7e18);
        postVolatility(NEAR, 0.85e18);
        assertApproxEqAbs(_volatility(NEAR), 0.85e18, 1e12);
    }

    function test_aStaleNeighbourVouchesForNothing() public {
        oracle.setBounds(6 hours, 0.2e18, 0.5e18, 1 days);
        postVolatility(NEAR, 0.7e18);
        skip(6 hours + 1);
        expectRefused(
            sliceReport(FAR, 0.85e18, vm.getBlockTimestamp()),
            abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, FAR)
        );
    }

    function test_firstCarryIsBoundedToo() public {
        oracle.setBounds(6 hours, 1e18, 0.02e18, 1 days);
        expectRefused(
            sliceReport(NEAR, 0.6e18, START), abi.encodeWithSelector(IVolatilityOracle.FirstReportTooFar.selector, NEAR)
        );
    }

    // --- later reports ---

    function test_aFittingMoveIsStoredAsItIs() public {
        postVolatility(NEAR, 0.6e18);
        skip(1 hours);
        postVolatility(NEAR, 0.63e18); // 1.0 a day allows 0.0416 in an hour
        assertApproxEqAbs(_volatility(NEAR), 0.63e18, 1e12);
        assertFalse(oracle.isHalted(MARKET, NEAR));
    }

    function test_aMoveBeyondTheBoundIsClippedAndHaltsUntilOneFits() public {
        postVolatility(NEAR, 0.6e18);
        skip(1 hours);
        IVolatilityOracle.SurfaceReport memory r =
            report(vm.getBlockTimestamp(), sliceReport(NEAR, 0.9e18, vm.getBlockTimestamp()));
        bytes[] memory signatures = sign(r, 2);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryHalted(MARKET, NEAR, type(uint40).max, address(0));
        oracle.post(r, signatures);

        // the wing moves the full bound, the middle somewhat less
        assertLe(_volatility(NEAR), 0.6e18 + uint256(1e18) / 24);
        assertGe(_volatility(NEAR), 0.6e18 + uint256(1e18) / 24 * 4 / 5);
        assertTrue(oracle.isHalted(MARKET, NEAR));
        vm.expectRevert(abi.encodeWithSelector(IVolatilityOracle.Halted.selector, MARKET, NEAR));
        oracle.tradableSlices(MARKET, NEAR);
        oracle.freshSlices(MARKET, NEAR); // marks go on

        skip(1 hours);
        postVolatility(NEAR, 0.9e18);
        assertTrue(oracle.isHalted(MARKET, NEAR));
        skip(1 hours);
        r = report(vm.getBlockTimestamp(), sliceReport(NEAR, 0.7e18, vm.getBlockTimestamp()));
        signatures = sign(r, 2);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryResumed(MARKET, NEAR);
        oracle.post(r, signatures);
        assertFalse(oracle.isHalted(MARKET, NEAR));
    }

    function test_theClockOfTheBoundIsCapped() public {
        oracle.setBounds(6 hours, 0.1e18, 0.5e18, 1 days);
        postVolatility(NEAR, 0.6e18);
        skip(3 days);
        postVolatility(NEAR, 0.85e18);
        assertTrue(oracle.isHalted(MARKET, NEAR));
        assertLe(_volatility(NEAR), 0.7e18);
    }

    function test_carryIsClippedAlone() public {
        oracle.setBounds(6 hours, 1e18, 0.24e18, 1 days);
        postVolatility(NEAR, 0.6e18);
        skip(1 hours);
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, vm.getBlockTimestamp());
        s.carry = -0.5e9;
        post(s);
        IVolatilityOracle.Slice memory stored = oracle.slice(MARKET, NEAR);
        assertEq(stored.carry, 0.03e9 - 0.01e9); // 0.24 a day is 0.01 in an hour
        assertEq(stored.theta, s.theta);
        assertTrue(oracle.isHalted(MARKET, NEAR));
    }

    function test_aTurnOfTheSkewIsAMove() public {
        postVolatility(NEAR, 0.6e18);
        skip(10 minutes);
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, vm.getBlockTimestamp());
        s.rho = 0.9e12; // the middle stays, both wings move
        post(s);
        assertTrue(oracle.isHalted(MARKET, NEAR));
        assertLt(oracle.slice(MARKET, NEAR).rho, 0.9e12);
    }

    /// @dev What is stored is the same share of the way in all three parameters.
    function test_aClippedSliceLiesOnTheWay() public {
        postVolatility(NEAR, 0.6e18);
        IVolatilityOracle.Slice memory from = oracle.slice(MARKET, NEAR);
        skip(1 hours);
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.9e18, vm.getBlockTimestamp());
        (s.phi, s.rho) = (s.phi * 9 / 10, s.rho + 0.1e12);
        post(s);
        IVolatilityOracle.Slice memory to = oracle.slice(MARKET, NEAR);
        // the stored variance at the time of the report
        uint256 theta = uint256(from.theta) * (NEAR - vm.getBlockTimestamp()) / (NEAR - from.timestamp);
        uint256 share = (to.theta - theta) * 1e18 / (s.theta - theta);
        assertGt(share, 0.01e18);
        assertLt(share, 0.99e18);
        assertApproxEqAbs(to.phi, (from.phi * (1e18 - share) + s.phi * share) / 1e18, 1e6);
        int256 part = int256(share);
        assertApproxEqAbs(
            uint256(int256(to.rho) + 1e12),
            uint256((int256(from.rho) * (1e18 - part) + int256(s.rho) * part) / 1e18 + 1e12),
            1e6
        );
    }

    /// @dev Both ends of the line at the limit of theta phi^2, where everything between them is beyond it: what is stored is
    /// still butterfly free.
    function test_aClippedSliceIsButterflyFree() public {
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, 0.6e18, START);
        (s.rho, s.phi) = (0, s.phi / 2 * 10 - s.phi / 100); // just below 2 / sqrt(theta)
        post(s);
        skip(8 hours);
        s = sliceReport(NEAR, 1.2e18, vm.getBlockTimestamp());
        (s.rho, s.phi) = (0, s.phi / 2 * 10 - s.phi / 100);
        post(s);
        assertTrue(oracle.isHalted(MARKET, NEAR));
        IVolatilityOracle.Slice memory stored = oracle.slice(MARKET, NEAR);
        assertTrue(Ssvi.isButterflyFree(stored.theta, stored.phi, stored.rho));
    }

    /// @dev No report, whatever it says, moves any of the five volatilities further than the bound.
    function testFuzz_noReportMovesFurtherThanTheBound(uint64 theta, uint64 phi, int48 rho, int40 carry, uint32 later)
        public
    {
        postVolatility(NEAR, 0.6e18);
        IVolatilityOracle.Slice memory from = oracle.slice(MARKET, NEAR);
        skip(bound(later, 1, 6 days));
        uint256 time = vm.getBlockTimestamp();
        IVolatilityOracle.SliceReport memory s = sliceReport(NEAR, bound(theta, 0.07e18, 3e18), time);
        s.phi = uint64(bound(phi, 0, 40e15));
        s.rho = int48(bound(int256(rho), -0.99e12, 0.99e12));
        s.carry = int40(bound(int256(carry), -1e9, 1e9));
        IVolatilityOracle.SurfaceReport memory r = report(time, s);
        bytes[] memory signatures = sign(r, 2);
        int256[5] memory k = pointsOf(NEAR, time);
        uint256[5] memory before = volatilitiesOf(NEAR, k);
        try oracle.post(r, signatures) {}
        catch {
            return;
        }
        IVolatilityOracle.Slice memory to = oracle.slice(MARKET, NEAR);
        uint256 limit = 1e18 * (time - START > 1 days ? 1 days : time - START) / 1 days;
        assertLe(distance(before, volatilitiesOf(NEAR, k)), limit + 1e9);
        uint256 carryMove = to.carry > from.carry ? uint40(to.carry - from.carry) : uint40(from.carry - to.carry);
        assertLe(carryMove * 1e9, limit / 2);
    }
}
