// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract TakeBackTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        write(HOLDER, put(2800), 5e18, WRITER);
        net(WRITER, put(2800), none());
        place(WRITER, put(2800), 5e18);
    }

    // --- failures ---

    function test_RefusesACallerWithoutAuthority() public {
        allow(WRITER, OPERATOR, 2);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.takeBack(WRITER, put(2800), 1e18, OPERATOR);
    }

    function test_RefusesAmountsThatAreNone() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 5));
        _takeBack(5);
    }

    function test_RefusesFromExpiryOn() public {
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.Expired.selector, put(2800)));
        _takeBack(1e18);
    }

    function test_RefusesAPlainBook() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearinghouse.WrongBookKind.selector, HOLDER, put(2800).bookKey(), IClearinghouse.BookKind.PLAIN
            )
        );
        vm.prank(HOLDER);
        house.takeBack(HOLDER, put(2800), 1e18, HOLDER);
    }

    function test_RefusesMoreThanIsPlaced() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, put(2800), 5e18, 6e18));
        _takeBack(6e18);
        write(WRITER, put(3000), 1e18, HOLDER);
        // A written leg is no placed one.
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, put(3000), 0, 1e18));
        vm.prank(WRITER);
        house.takeBack(WRITER, put(3000), 1e18, WRITER);
    }

    function test_RefusesWhatWouldLeaveTheBookUncovered() public {
        write(WRITER, put(3000), 5e18, HOLDER);
        vm.startPrank(WRITER);
        house.withdraw(address(usdc), free(WRITER, usdc), WRITER);
        vm.expectRevert(insufficient(WRITER, usdc, 14_000 * USDC, 0));
        house.takeBack(WRITER, put(2800), 5e18, WRITER);
    }

    // --- what it does ---

    function test_MintsToAnyReceiver() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.TakenBack(WRITER, put(2800), 2e18, STRANGER, 0);
        vm.prank(WRITER);
        house.takeBack(WRITER, put(2800), 2e18, STRANGER);
        assertEq(held(STRANGER, put(2800)), 2e18, "tokens");
        assertEq(house.leg(WRITER, put(2800)), 3e18, "leg");
        assertEq(supply(put(2800)), 2e18, "supply");
    }

    function test_WorksWhilePaused() public {
        house.setWritesPaused(true);
        _takeBack(5e18);
        assertEq(held(WRITER, put(2800)), 5e18, "all of it");
        assertEq(bookOf(WRITER, put(2800)).legCount, 0, "no leg");
    }

    function _takeBack(uint256 amount) private {
        vm.prank(WRITER);
        house.takeBack(WRITER, put(2800), amount, WRITER);
    }
}
