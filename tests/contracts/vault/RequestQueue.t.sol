// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RequestQueue} from "../../../contracts/libraries/RequestQueue.sol";
import {Test} from "../support/Test.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The queue alone, with numbers that no healthy vault reaches.
contract RequestQueueTest is Test {
    using RequestQueue for RequestQueue.Queue;

    RequestQueue.Queue private _queue;

    function push(uint256 units) external returns (uint256) {
        return _queue.push(address(this), units, 0);
    }

    function fill(uint256 id, uint256 units, uint256 assets, uint256 shares) external {
        _queue.fill(id, units, assets, shares);
    }

    /// @dev Shares of a vault that lost all but nothing may be any number: what does not fit is refused, never cut.
    function test_refusesWhatDoesNotFit() public {
        uint256 large = uint256(type(uint128).max) + 1;
        bytes memory refused = abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 128, large);
        vm.expectRevert(refused);
        this.push(large);
        uint256 id = this.push(10);
        vm.expectRevert(refused);
        this.fill(id, 10, 10, large);
        vm.expectRevert(refused);
        this.fill(id, 10, large, 10);
        this.fill(id, 10, 10, large - 1);
        assertEq(uint256(_queue.claims[address(this)].shares), large - 1);
    }

    /// @dev Who names what it takes pays the rounding, in either unit; the last unit takes what is left.
    function test_partsOfAClaimRoundAgainstTheClaimer() public {
        this.fill(this.push(10), 10, 10, 7);
        assertEq(_queue.sharesOf(address(this), 3, false), 2);
        assertEq(_queue.sharesOf(address(this), 3, true), 3);
        assertEq(_queue.assetsOf(address(this), 2, false), 2);
        assertEq(_queue.assetsOf(address(this), 2, true), 3);
        assertEq(_queue.sharesOf(address(this), 10, true), 7);
        assertEq(_queue.assetsOf(address(this), 7, false), 10);
    }

    /// @dev What is claimable of all of a controller's requests is what is unclaimed, in whatever parts they were filled,
    /// and the oldest is claimed first.
    function testFuzz_theRequestsOfAControllerSumToItsClaims(uint256 seed) public {
        uint256 filled;
        for (uint256 i; i < 4; ++i) {
            uint256 units = 1 + (seed >> (32 * i)) % 1000;
            uint256 id = this.push(units);
            uint256 part = (seed >> (32 * i + 16)) % (units + 1);
            if (part != 0) this.fill(id, part, part, part);
            this.fill(id, units - part, units - part, units - part);
            filled += units;
        }
        uint256 claimed = (seed >> 200) % (filled + 1);
        _queue.claim(address(this), claimed, claimed);
        uint256 left;
        bool younger;
        for (uint256 id = 1; id <= 4; ++id) {
            uint256 claimable = _queue.claimableOf(id, address(this), filled - claimed);
            // once one is partly there, all younger ones are there whole
            if (younger) assertEq(claimable, uint256(_queue.requests[id].filled));
            if (claimable != 0) younger = true;
            left += claimable;
        }
        assertEq(left, filled - claimed);
        assertEq(_queue.claimableOf(1, address(0xBAD), filled), 0);
    }
}
