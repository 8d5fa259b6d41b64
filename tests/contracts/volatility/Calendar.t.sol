// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SliceMoves} from "../../../contracts/libraries/SliceMoves.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";

/// @notice No slice lies below that of an earlier expiry: which pairs are compared, when, and which are passed over.
contract CalendarTest is VolatilityFixture {
    uint40 internal constant MIDDLE = START + 14 days;

    function setUp() public override {
        super.setUp();
        markets.listExpiry(MARKET, MIDDLE);
    }

    function _now() private view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _at(uint40 expiry, uint256 volatility) private view returns (IVolatilityOracle.SliceReport memory) {
        return sliceReport(expiry, volatility, _now());
    }

    function _calendar(uint40 near, uint40 far) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVolatilityOracle.CalendarArbitrage.selector, near, far);
    }

    function _binds(uint40 expiry) private view returns (bool) {
        uint40[] memory expiries = oracle.bindingExpiries(MARKET);
        for (uint256 i; i < expiries.length; ++i) {
            if (expiries[i] == expiry) return true;
        }
        return false;
    }

    // --- the conditions, each broken alone ---

    function test_refusesAFallingVariance() public {
        // 28 days at 30 % have less variance than 7 days at 61 %; phi equal, so that it is not phi that refuses
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.61e18);
        IVolatilityOracle.SliceReport memory far = _at(FAR, 0.3e18);
        far.phi = near.phi;
        expectBatchRefused(pair(near, far), _calendar(NEAR, FAR));
    }

    function test_refusesARisingPhi() public {
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.6e18);
        IVolatilityOracle.SliceReport memory far = _at(FAR, 0.6e18);
        far.phi = near.phi + 1;
        expectBatchRefused(pair(near, far), _calendar(NEAR, FAR));
        far.phi = near.phi;
        postBatch(pair(near, far));
    }

    function test_refusesAFallingRightWing() public {
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.6e18);
        IVolatilityOracle.SliceReport memory far = _at(FAR, 0.6e18);
        (near.rho, far.rho) = (0, -0.6e12); // twice the level, less than half of 1 + rho
        expectBatchRefused(pair(near, far), _calendar(NEAR, FAR));
        far.rho = -0.4e12;
        postBatch(pair(near, far));
    }

    function test_refusesAFallingLeftWing() public {
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.6e18);
        IVolatilityOracle.SliceReport memory far = _at(FAR, 0.6e18);
        (near.rho, far.rho) = (0, 0.6e12);
        expectBatchRefused(pair(near, far), _calendar(NEAR, FAR));
        far.rho = 0.4e12;
        postBatch(pair(near, far));
    }

    // --- who is a neighbour ---

    function test_refusesAgainstAStoredNearerSlice() public {
        postVolatility(NEAR, 0.9e18);
        skip(1 hours);
        expectRefused(_at(FAR, 0.4e18), _calendar(NEAR, FAR));
        postVolatility(FAR, 0.6e18);
    }

    function test_refusesAgainstAStoredFartherSlice() public {
        postVolatility(FAR, 0.4e18);
        skip(1 hours);
        expectRefused(_at(NEAR, 0.9e18), _calendar(NEAR, FAR));
        postVolatility(NEAR, 0.7e18);
    }

    function test_passesOverAListedExpiryWithoutASlice() public {
        postVolatility(NEAR, 0.9e18);
        expectRefused(_at(FAR, 0.4e18), _calendar(NEAR, FAR));
    }

    function test_aSliceBetweenIsComparedWithBoth() public {
        postVolatility(NEAR, 0.6e18);
        postVolatility(FAR, 0.6e18);
        expectRefused(_at(MIDDLE, 0.4e18), _calendar(NEAR, MIDDLE));
        expectRefused(_at(MIDDLE, 0.9e18), _calendar(MIDDLE, FAR));
        postVolatility(MIDDLE, 0.6e18);
    }

    /// @dev The nearest in the list is not in the batch: the posted one must look past its own batch.
    function test_aBatchIsComparedWithTheStoredSliceInItsMiddle() public {
        postVolatility(MIDDLE, 0.6e18);
        skip(1 hours);
        expectBatchRefused(pair(_at(NEAR, 0.6e18), _at(FAR, 0.42e18)), _calendar(MIDDLE, FAR));
        expectBatchRefused(pair(_at(NEAR, 0.86e18), _at(FAR, 0.6e18)), _calendar(NEAR, MIDDLE));
        postBatch(pair(_at(NEAR, 0.6e18), _at(FAR, 0.6e18)));
    }

    /// @dev A slice that has passed its expiry binds nobody, however fresh.
    function test_aPassedExpiryBindsNobody() public {
        vm.warp(NEAR - 1);
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.6e18);
        near.phi = 1;
        post(near);
        expectRefused(_at(FAR, 0.6e18), _calendar(NEAR, FAR));
        skip(1);
        postVolatility(FAR, 0.6e18);
        assertFalse(_binds(NEAR));
    }

    function test_aStaleNeighbourBindsNobody() public {
        postVolatility(NEAR, 0.9e18);
        skip(6 hours);
        expectRefused(_at(FAR, 0.4e18), _calendar(NEAR, FAR));
        assertTrue(_binds(NEAR));
        skip(1);
        assertFalse(_binds(NEAR));
        postVolatility(FAR, 0.4e18);
        // and must fit when it comes back
        expectRefused(_at(NEAR, 0.9e18), _calendar(NEAR, FAR));
        postVolatility(NEAR, 0.7e18);
    }

    /// @dev Beyond a stale one the next fresh one counts.
    function test_theNextFreshSliceBeyondAStaleOneBinds() public {
        postVolatility(NEAR, 0.8e18);
        postVolatility(MIDDLE, 0.8e18);
        skip(5 hours);
        postVolatility(NEAR, 0.8e18);
        skip(2 hours);
        assertFalse(_binds(MIDDLE));
        expectRefused(_at(FAR, 0.35e18), _calendar(NEAR, FAR));
        postVolatility(FAR, 0.45e18); // below the stale one
    }

    // --- one time, final state ---

    /// @dev The stored slice counts with the variance that it has left, not with what it had.
    function test_slicesOfDifferentTimesAreScaledToThePresent() public {
        oracle.setBounds(1 days, 1e18, 0.5e18, 1 days);
        markets.listExpiry(MARKET, NEAR + 1 days);
        postVolatility(NEAR, 0.6e18);
        skip(1 days);
        // six sevenths of the stored variance are left: as much as seven days at 55.5 %
        IVolatilityOracle.SliceReport memory far = sliceReport(NEAR + 1 days, 0.56e18, _now());
        assertLt(far.theta, oracle.slice(MARKET, NEAR).theta);
        far.phi = oracle.slice(MARKET, NEAR).phi;
        post(far);
        assertTrue(_binds(NEAR + 1 days));
    }

    function test_lessThanTheVarianceLeftIsRefused() public {
        oracle.setBounds(1 days, 1e18, 0.5e18, 1 days);
        markets.listExpiry(MARKET, NEAR + 1 days);
        postVolatility(NEAR, 0.6e18);
        skip(1 days);
        IVolatilityOracle.SliceReport memory far = sliceReport(NEAR + 1 days, 0.555e18, _now());
        far.phi = oracle.slice(MARKET, NEAR).phi;
        expectRefused(far, _calendar(NEAR, NEAR + 1 days));
    }

    /// @dev The whole surface falls: on its way through the batch the near slice lies above the new far one, or the far one
    /// below the old near one. Only the end counts.
    function test_onlyTheFinalStateOfABatchCounts() public {
        postBatch(pair(_at(NEAR, 0.9e18), _at(FAR, 0.6e18)));
        skip(5 hours);
        expectRefused(_at(FAR, 0.43e18), _calendar(NEAR, FAR));
        postBatch(pair(_at(NEAR, 0.75e18), _at(FAR, 0.43e18)));
        skip(5 hours);
        expectRefused(_at(NEAR, 0.94e18), _calendar(NEAR, FAR));
        postBatch(pair(_at(NEAR, 0.94e18), _at(FAR, 0.6e18)));
        assertFalse(oracle.isHalted(MARKET, NEAR) || oracle.isHalted(MARKET, FAR));
    }

    // --- clipped slices ---

    /// @dev The near slice may move far (its report is old), the far one may not (its report is new): clipping leaves a
    /// pair that crosses. It is stored, nothing is refused, and the clipped one is halted until a report fits.
    function test_clippingThatCrossesIsStoredAndHalted() public {
        uint40 next = NEAR + 1 days;
        markets.listExpiry(MARKET, next);
        postBatch(pair(_at(NEAR, 0.6e18), _at(next, 0.6e18)));
        skip(5 hours);
        postVolatility(next, 0.6e18);
        skip(1 minutes);
        // singly the near one is refused: its neighbour binds
        expectRefused(_at(NEAR, 0.75e18), _calendar(NEAR, next));
        postBatch(pair(_at(NEAR, 0.75e18), _at(next, 0.75e18)));
        assertFalse(oracle.isHalted(MARKET, NEAR));
        assertTrue(oracle.isHalted(MARKET, next));
        assertFalse(_binds(next));
        assertFalse(
            SliceMoves.isCalendarFree(
                oracle.slice(MARKET, NEAR), NEAR, oracle.slice(MARKET, next), next, vm.getBlockTimestamp()
            )
        );
        // the near one goes on alone
        skip(1 minutes);
        postVolatility(NEAR, 0.75e18);
        // the far one comes back when the clock allows it, and must fit then
        skip(4 hours);
        expectRefused(_at(next, 0.65e18), _calendar(NEAR, next));
        postVolatility(next, 0.75e18);
        assertFalse(oracle.isHalted(MARKET, next));
        assertTrue(_binds(next));
    }

    /// @dev Two expiries that each refuse the other's next report alone: the batch of both goes through.
    function test_twoExpiriesThatBlockEachOtherGoTogether() public {
        uint40 next = NEAR + 1 days;
        markets.listExpiry(MARKET, next);
        // phi may not rise with expiry and variance may not fall: equal slices of neighbouring days leave no room
        IVolatilityOracle.SliceReport memory near = _at(NEAR, 0.6e18);
        IVolatilityOracle.SliceReport memory far = _at(next, 0.6e18);
        far.phi = near.phi;
        postBatch(pair(near, far));
        skip(2 hours);
        near = _at(NEAR, 0.66e18);
        far = _at(next, 0.66e18);
        expectRefused(near, _calendar(NEAR, next)); // lower phi, more variance
        far.phi = uint64(uint256(far.phi) * 108 / 100);
        near.phi = far.phi;
        expectRefused(near, _calendar(NEAR, next));
        postBatch(pair(near, far));
        assertFalse(oracle.isHalted(MARKET, NEAR) || oracle.isHalted(MARKET, next));
    }

    // --- always ---

    /// @dev Whatever the order, the times and the levels of reports, all pairs of binding slices are free of calendar
    /// arbitrage after each, and a batch of all expiries whose slices fit one another is never refused for the calendar.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_bindingSlicesNeverCross(uint256 seed) public {
        for (uint256 i; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            skip(1 + (seed & 0xfff) * (seed & 0x10000 == 0 ? 1 : 8));
            _postSome(seed >> 17);
            _requireNoCrossing();
        }
        // market moves to one level at once
        skip(1);
        uint40[3] memory expiries = [NEAR, MIDDLE, FAR];
        IVolatilityOracle.SliceReport[] memory all = new IVolatilityOracle.SliceReport[](3);
        for (uint256 j; j < 3; ++j) {
            all[j] = _at(expiries[j], 0.3e18 + (seed >> 200) % 0.7e18);
        }
        postBatch(all);
        _requireNoCrossing();
    }

    /// @dev A report of some of the expiries at random levels; refusals for the calendar alone are no failure.
    function _postSome(uint256 seed) private {
        uint40[3] memory expiries = [NEAR, MIDDLE, FAR];
        uint256 chosen = 1 + seed % 7;
        IVolatilityOracle.SliceReport[] memory slices = new IVolatilityOracle.SliceReport[](3);
        uint256 count;
        for (uint256 j; j < 3; ++j) {
            if (chosen & (1 << j) == 0) continue;
            uint256 spread = (seed >> (8 + 24 * j)) & 0xffffff;
            slices[count] = _at(expiries[j], 0.45e18 + spread * 0.3e18 / 0xffffff);
            // 0.8 to 1.0 of what the fixture has
            slices[count].phi = uint64(uint256(slices[count].phi) * (80 + spread % 21) / 100);
            slices[count++].rho = int48(int256(spread % 0.4e12)) - 0.2e12;
        }
        assembly ("memory-safe") {
            mstore(slices, count)
        }
        IVolatilityOracle.SurfaceReport memory r = batch(slices);
        bytes[] memory signatures = sign(r, 2);
        try oracle.post(r, signatures) {}
        catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(IVolatilityOracle.CalendarArbitrage.selector));
        }
    }

    function _requireNoCrossing() private view {
        uint40[] memory expiries = oracle.bindingExpiries(MARKET);
        for (uint256 i; i < expiries.length; ++i) {
            for (uint256 j = i + 1; j < expiries.length; ++j) {
                assertTrue(
                    SliceMoves.isCalendarFree(
                        oracle.slice(MARKET, expiries[i]),
                        expiries[i],
                        oracle.slice(MARKET, expiries[j]),
                        expiries[j],
                        vm.getBlockTimestamp()
                    )
                );
            }
        }
    }
}
