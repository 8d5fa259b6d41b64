// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {VolatilityFixture} from "./VolatilityFixture.sol";

/// @notice The list of a market's expiries: sorted, bounded, rid of passed ones, and never in the way of a report for long.
contract ExpiriesTest is VolatilityFixture {
    function _list(uint256 first, uint256 count) private {
        for (uint256 i; i < count; ++i) {
            uint40 expiry = START + uint40((first + i) * 1 days);
            if (!markets.isExpiryListed(MARKET, expiry)) markets.listExpiry(MARKET, expiry);
        }
    }

    function _batch(uint256 first, uint256 count) private view returns (IVolatilityOracle.SliceReport[] memory slices) {
        slices = new IVolatilityOracle.SliceReport[](count);
        for (uint256 i; i < count; ++i) {
            slices[i] = sliceReport(START + uint40((first + i) * 1 days), 0.6e18, vm.getBlockTimestamp());
        }
    }

    function test_isEmptyAtFirst() public view {
        assertEq(oracle.bindingExpiries(MARKET).length, 0);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_staysSortedWhateverTheOrder(uint256 seed) public {
        _list(1, 15);
        uint256 left = 0x7fff;
        for (uint256 posted; posted < 15; ++posted) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 day = seed % 15;
            while (left & (1 << day) == 0) day = (day + 1) % 15;
            left &= ~(1 << day);
            postVolatility(START + uint40((day + 1) * 1 days), 0.6e18);
            uint40[] memory expiries = oracle.bindingExpiries(MARKET);
            assertEq(expiries.length, posted + 1);
            for (uint256 i = 1; i < expiries.length; ++i) {
                assertLt(expiries[i - 1], expiries[i]);
            }
        }
        for (uint256 day = 1; day <= 15; ++day) {
            assertEq(oracle.bindingExpiries(MARKET)[day - 1], START + day * 1 days);
        }
    }

    function test_refusesASixteenthWhileFifteenAreFresh() public {
        _list(1, 16);
        postBatch(_batch(1, 15));
        expectBatchRefused(
            _batch(16, 1), abi.encodeWithSelector(IVolatilityOracle.TooManyExpiries.selector, MARKET, 15)
        );
    }

    function test_aPassedExpiryMakesRoom() public {
        oracle.setBounds(1 days, 1e18, 0.5e18, 1 days);
        _list(1, 16);
        postBatch(_batch(1, 15));
        skip(1 days);
        postBatch(_batch(16, 1));
        uint40[] memory expiries = oracle.bindingExpiries(MARKET);
        assertEq(expiries.length, 15);
        assertEq(expiries[0], START + 2 days);
        assertEq(expiries[14], START + 16 days);
    }

    /// @dev Stale ones make room, fresh ones of the same batch and before it stay, and what left comes back in its place.
    function test_staleExpiriesMakeRoomAndComeBack() public {
        _list(1, 17);
        postBatch(_batch(2, 10));
        skip(5 hours);
        postBatch(_batch(12, 5));
        skip(2 hours);
        IVolatilityOracle.SliceReport[] memory slices = pair(
            sliceReport(START + 1 days, 0.6e18, START + 7 hours), sliceReport(START + 17 days, 0.6e18, START + 7 hours)
        );
        postBatch(slices);
        uint40[] memory expiries = oracle.bindingExpiries(MARKET);
        assertEq(expiries.length, 7);
        assertEq(expiries[0], START + 1 days);
        assertEq(expiries[1], START + 12 days);
        assertEq(expiries[6], START + 17 days);
        skip(1);
        postBatch(_batch(5, 2));
        expiries = oracle.bindingExpiries(MARKET);
        assertEq(expiries.length, 9);
        assertEq(expiries[1], START + 5 days);
        assertEq(expiries[2], START + 6 days);
    }

    /// @dev A clipped slice that left the list is still halted when it comes back clipped, and resumes when it fits.
    function test_aHaltOutlivesTheListing() public {
        _list(1, 16);
        postBatch(_batch(1, 15));
        skip(1 hours);
        postVolatility(START + 3 days, 2e18);
        assertTrue(oracle.isHalted(MARKET, START + 3 days));
        skip(7 hours);
        postBatch(_batch(16, 1)); // makes room
        assertEq(oracle.bindingExpiries(MARKET).length, 1);
        assertTrue(oracle.isHalted(MARKET, START + 3 days));
        skip(1 days);
        IVolatilityOracle.SurfaceReport memory r =
            report(vm.getBlockTimestamp(), sliceReport(START + 3 days, 0.6e18, vm.getBlockTimestamp()));
        bytes[] memory signatures = sign(r, 2);
        vm.expectEmit(address(oracle));
        emit IVolatilityOracle.ExpiryResumed(MARKET, START + 3 days);
        oracle.post(r, signatures);
    }

    function test_refusesAnExpiryBeyondTheListsDays() public {
        uint40 expiry = 65_536 days + 8 hours;
        markets.listExpiry(MARKET, expiry);
        IVolatilityOracle.SliceReport memory s = sliceReport(FAR, 0.6e18, START);
        (s.expiry, s.theta, s.phi, s.carry) = (expiry, 45e16, 0.01e15, 0);
        expectRefused(s, abi.encodeWithSelector(IVolatilityOracle.ExpiryTooFar.selector, expiry));

        // The day before is the list's last.
        expiry -= 1 days;
        markets.listExpiry(MARKET, expiry);
        s.expiry = expiry;
        post(s);
        assertEq(oracle.slice(MARKET, expiry).theta, s.theta);
    }
}
