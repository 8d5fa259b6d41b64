// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract CloseTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        write(WRITER, call(3000), 3e18, WRITER);
    }

    // --- failures ---

    function test_RefusesWithoutAuthorityOverBothAccounts() public {
        allow(WRITER, OPERATOR, 1);
        vm.startPrank(OPERATOR);
        vm.expectRevert(notAuthorised(HOLDER, OPERATOR, 1));
        house.close(WRITER, call(3000), 1e18, HOLDER);
        vm.expectRevert(notAuthorised(HOLDER, OPERATOR, 1));
        house.close(HOLDER, call(3000), 1e18, WRITER);
        vm.stopPrank();
        // The writer may not burn another's tokens, nor the holder release another's collateral.
        vm.expectRevert(notAuthorised(HOLDER, WRITER, 1));
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, HOLDER);
        vm.expectRevert(notAuthorised(WRITER, HOLDER, 1));
        vm.prank(HOLDER);
        house.close(WRITER, call(3000), 1e18, HOLDER);
    }

    function test_RefusesAmountsThatAreNone() public {
        vm.startPrank(WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        house.close(WRITER, call(3000), 0, WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 1));
        house.close(WRITER, call(3000), 1, WRITER);
    }

    function test_RefusesMoreThanIsWritten() public {
        vm.startPrank(WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call(3000), 3e18, 4e18));
        house.close(WRITER, call(3000), 4e18, WRITER);
        house.net(WRITER, call(3000).bookKey(), strikes1(3000));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call(3000), 3e18, 4e18));
        house.close(WRITER, call(3000), 4e18, WRITER);
    }

    function test_RefusesAgainstAPlacedLong() public {
        write(HOLDER, call(3100), 2e18, WRITER);
        net(WRITER, call(3000), strikes1(3000));
        place(WRITER, call(3100), 1e18);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call(3100), 0, 1e18));
        vm.prank(WRITER);
        house.close(WRITER, call(3100), 1e18, WRITER);
    }

    function test_RefusesTokensThatTheHolderHasNot() public {
        vm.prank(WRITER);
        token.safeTransferFrom(WRITER, HOLDER, SeriesId.unwrap(call(3000)), 2e18, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, WRITER, 1e18, 2e18, SeriesId.unwrap(call(3000))
            )
        );
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 2e18, WRITER);
    }

    function test_RefusesASettledBook() public {
        net(WRITER, call(3000), strikes1(3000));
        settle(2000);
        house.settleBook(WRITER, call(3000).bookKey());
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.BookAlreadySettled.selector, WRITER, call(3000).bookKey())
        );
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, WRITER);
    }

    // --- what it does ---

    function test_BurnsAndReleases() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.Closed(WRITER, call(3000), 1e18, WRITER, 2e18);
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, WRITER);
        assertEq(lockedOf(WRITER, call(3000)), 2e18, "locked");
        assertEq(free(WRITER, weth), FUNDS_WETH - 2e18, "free");
        assertEq(supply(call(3000)), 2e18, "supply");
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 2e18, WRITER);
        IClearinghouse.Book memory b = bookOf(WRITER, call(3000));
        assertEq(b.legCount, 0, "no leg");
        assertEq(b.locked, 0, "nothing locked");
        assertEq(house.leg(WRITER, call(3000)), 0, "leg");
    }

    function test_BurnsAnotherHoldersTokensWithBothRights() public {
        vm.prank(WRITER);
        token.safeTransferFrom(WRITER, HOLDER, SeriesId.unwrap(call(3000)), 3e18, "");
        allow(HOLDER, OPERATOR, 1);
        allow(WRITER, OPERATOR, 1);
        vm.prank(OPERATOR);
        house.close(WRITER, call(3000), 3e18, HOLDER);
        assertEq(held(HOLDER, call(3000)), 0, "tokens");
        assertEq(free(WRITER, weth), FUNDS_WETH, "collateral goes to the writer");
    }

    function test_WorksAfterExpiryAndWhilePausedUntilTheLegSettles() public {
        house.setWritesPaused(true);
        vm.warp(EXPIRY + 1);
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, WRITER);
        vm.warp(START);
        settle(4000);
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, WRITER);
        house.settleLeg(WRITER, call(3000));
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.BookAlreadySettled.selector, WRITER, call(3000).bookKey())
        );
        vm.prank(WRITER);
        house.close(WRITER, call(3000), 1e18, WRITER);
    }

    function test_ANettedLegThatIsClosedGoes() public {
        write(WRITER, call(3100), 1e18, WRITER);
        write(WRITER, call(3200), 1e18, WRITER);
        uint64[] memory strikes = new uint64[](3);
        (strikes[0], strikes[1], strikes[2]) = (3000e8, 3100e8, 3200e8);
        net(WRITER, call(3000), strikes);
        vm.prank(WRITER);
        house.close(WRITER, call(3100), 1e18, WRITER);
        IClearinghouse.Leg[] memory legs = house.legs(WRITER, call(3000).bookKey());
        assertEq(legs.length, 2, "legs");
        assertEq(legs[0].strike, 3000e8, "first");
        assertEq(legs[1].strike, 3200e8, "last");
        assertEq(lockedOf(WRITER, call(3000)), 4e18, "locked");
    }
}
