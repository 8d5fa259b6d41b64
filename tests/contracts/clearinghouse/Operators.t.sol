// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice `setOperator`. What each flag allows and does not is tested with each action.
contract OperatorsTest is ClearinghouseFixture {
    function test_RefusesFlagsThatMeanNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnknownFlags.selector, 4));
        house.setOperator(OPERATOR, 4);
    }

    function test_GivesAndTakesAway() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.OperatorSet(WRITER, OPERATOR, 3);
        allow(WRITER, OPERATOR, 3);
        assertEq(house.operatorFlags(WRITER, OPERATOR), 3, "given");
        assertEq(house.operatorFlags(OPERATOR, WRITER), 0, "one way");
        allow(WRITER, OPERATOR, 0);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.pay(WRITER, OPERATOR, address(weth), 1);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 2));
        vm.prank(OPERATOR);
        house.withdrawFor(WRITER, address(weth), 1);
    }
}
