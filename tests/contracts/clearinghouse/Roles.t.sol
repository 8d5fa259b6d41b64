// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice `setTreasury`, `setBountyCap` and `setWritesPaused`: by their roles alone, and with no way to users' money.
contract RolesTest is ClearinghouseFixture {
    uint64 private constant GUARDIAN = 3;

    function test_RefuseACallerWithoutTheRole() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER);
        vm.startPrank(STRANGER);
        vm.expectRevert(refusal);
        house.setTreasury(STRANGER);
        vm.expectRevert(refusal);
        house.setBountyCap(address(weth), 1);
        vm.expectRevert(refusal);
        house.setWritesPaused(true);
    }

    function test_RefuseATreasuryThatCannotHaveABalance() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        house.setTreasury(address(0));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(house)));
        house.setTreasury(address(house));
    }

    function test_SetAndSay() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.TreasurySet(STRANGER);
        house.setTreasury(STRANGER);
        assertEq(house.treasury(), STRANGER);
        vm.expectEmit(address(house));
        emit IClearinghouse.BountyCapSet(address(weth), 5);
        house.setBountyCap(address(weth), 5);
        assertEq(house.bountyCap(address(weth)), 5);
        vm.expectEmit(address(house));
        emit IClearinghouse.WritesPaused(true);
        house.setWritesPaused(true);
        assertTrue(house.writesPaused());
    }

    function test_AGuardianPausesAndNothingElse() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IClearinghouse.setWritesPaused.selector;
        access.setTargetFunctionRole(address(house), selectors, GUARDIAN);
        access.grantRole(GUARDIAN, STRANGER, 0);
        vm.startPrank(STRANGER);
        house.setWritesPaused(true);
        house.setWritesPaused(false);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        house.setTreasury(STRANGER);
    }

    /// @dev Everything that lets people out works while the market is paused.
    function test_APauseKeepsNobodyIn() public {
        write(WRITER, call(3000), 4e18, HOLDER);
        write(WRITER, put(3000), 1e18, HOLDER);
        house.setWritesPaused(true);
        allow(HOLDER, WRITER, 1);
        vm.prank(WRITER);
        house.close(WRITER, put(3000), 1e18, HOLDER);
        settle(4000);
        house.settleLeg(WRITER, call(3000));
        vm.startPrank(HOLDER);
        house.redeem(call(3000), 4e18, HOLDER);
        house.withdraw(address(weth), FUNDS_WETH, HOLDER);
        assertEq(weth.balanceOf(HOLDER), FUNDS_WETH + 1e18, "out with the payoff");
    }
}
