// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

/// @notice `setWrappedNative`. What it is for is tested with `multicall`.
contract WrappedNativeTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        bytes memory arguments = abi.encode(address(access), address(markets), address(renderer));
        house = IClearinghouse(vm.deployCode("Clearinghouse.sol:Clearinghouse", arguments));
    }

    function test_RefusesAStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        house.setWrappedNative(address(weth));
    }

    function test_RefusesAnAddressWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadToken.selector, STRANGER));
        house.setWrappedNative(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadToken.selector, address(0)));
        house.setWrappedNative(address(0));
    }

    /// @dev Not even a hostile role can put another coin in its place: value would be credited in that.
    function test_RefusesASecondOne() public {
        house.setWrappedNative(address(weth));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.WrappedNativeIsSet.selector, address(weth)));
        house.setWrappedNative(address(usdc));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.WrappedNativeIsSet.selector, address(weth)));
        house.setWrappedNative(address(weth));
    }

    function test_IsSetOnce() public {
        assertEq(house.wrappedNative(), address(0), "none");
        vm.expectEmit(address(house));
        emit IClearinghouse.WrappedNativeSet(address(weth));
        house.setWrappedNative(address(weth));
        assertEq(house.wrappedNative(), address(weth), "set");
    }
}
