// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {NettedLegs} from "../../../contracts/libraries/NettedLegs.sol";
import {Test} from "../support/Test.sol";

/// @notice The edges of a leg's amount, which no book with real money reaches.
contract NettedLegsTest is Test {
    using NettedLegs for NettedLegs.Stored;

    uint64 private constant STRIKE = 3000e8;
    int256 private constant MOST = type(int128).max;

    NettedLegs.Stored private _legs;

    function add(uint256 count, int256 change) external returns (IClearinghouse.Leg[] memory legs, int256 before) {
        return _legs.add(count, STRIKE, change);
    }

    function test_RefusesALegBeyondItsField() public {
        this.add(0, MOST - 1);
        vm.expectRevert(abi.encodeWithSelector(NettedLegs.LegTooLarge.selector, STRIKE, MOST + 1));
        this.add(1, 2);
        (IClearinghouse.Leg[] memory legs, int256 before) = this.add(1, 1);
        assertEq(before, MOST - 1);
        assertEq(int256(legs[0].amount), MOST);
    }

    function test_RefusesTheAmountThatHasNoOpposite() public {
        this.add(0, -MOST);
        vm.expectRevert(abi.encodeWithSelector(NettedLegs.LegTooLarge.selector, STRIKE, -MOST - 1));
        this.add(1, -1);
        (IClearinghouse.Leg[] memory legs,) = this.add(1, MOST);
        assertEq(legs.length, 0, "the opposite closes it");
    }
}
