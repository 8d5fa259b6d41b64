// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract PlaceTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        write(HOLDER, put(2800), 5e18, WRITER);
    }

    // --- failures ---

    function test_RefusesACallerWithoutAuthority() public {
        vm.expectRevert(notAuthorised(WRITER, HOLDER, 1));
        vm.prank(HOLDER);
        house.place(WRITER, put(2800), 1e18);
    }

    function test_RefusesWhilePaused() public {
        net(WRITER, put(2800), none());
        house.setWritesPaused(true);
        vm.expectRevert(IClearinghouse.Paused.selector);
        place(WRITER, put(2800), 1e18);
    }

    function test_RefusesAmountsThatAreNone() public {
        net(WRITER, put(2800), none());
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        place(WRITER, put(2800), 0);
    }

    function test_RefusesFromExpiryOn() public {
        net(WRITER, put(2800), none());
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.Expired.selector, put(2800)));
        place(WRITER, put(2800), 1e18);
    }

    function test_RefusesAnUnlistedSeries() public {
        net(WRITER, put(2800), none());
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, put(2801)));
        place(WRITER, put(2801), 1e18);
    }

    function test_RefusesAPlainBook() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearinghouse.WrongBookKind.selector, WRITER, put(2800).bookKey(), IClearinghouse.BookKind.NONE
            )
        );
        place(WRITER, put(2800), 1e18);
        write(WRITER, put(3000), 1e18, HOLDER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearinghouse.WrongBookKind.selector, WRITER, put(2800).bookKey(), IClearinghouse.BookKind.PLAIN
            )
        );
        place(WRITER, put(2800), 1e18);
    }

    function test_RefusesTokensThatTheAccountHasNot() public {
        net(WRITER, put(2800), none());
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, WRITER, 5e18, 6e18, SeriesId.unwrap(put(2800))
            )
        );
        place(WRITER, put(2800), 6e18);
    }

    // --- what it does ---

    function test_BurnsTheTokenIntoTheBook() public {
        net(WRITER, put(2800), none());
        vm.expectEmit(address(house));
        emit IClearinghouse.Placed(WRITER, put(2800), 2e18, 0);
        place(WRITER, put(2800), 2e18);
        assertEq(house.leg(WRITER, put(2800)), 2e18, "leg");
        assertEq(held(WRITER, put(2800)), 3e18, "tokens left");
        assertEq(supply(put(2800)), 3e18, "supply");
    }

    function test_ReleasesWhatTheLongCovers() public {
        write(WRITER, put(3000), 5e18, HOLDER);
        net(WRITER, put(3000), strikes1(3000));
        assertEq(lockedOf(WRITER, put(3000)), 15_000 * USDC, "naked");
        place(WRITER, put(2800), 5e18);
        assertEq(lockedOf(WRITER, put(3000)), 1000 * USDC, "width");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 1000 * USDC, "released");
    }

    function test_ALongAtAWrittenStrikeShrinksIt() public {
        write(WRITER, put(2800), 3e18, HOLDER);
        net(WRITER, put(2800), strikes1(2800));
        place(WRITER, put(2800), 3e18);
        assertEq(bookOf(WRITER, put(2800)).legCount, 0, "no leg left");
        assertEq(lockedOf(WRITER, put(2800)), 0, "nothing locked");
        assertEq(supply(put(2800)), 5e18, "the other writer's tokens");
    }

    function test_ButterflyAndCondorLockTheirWorstLossAlone() public {
        // Long call butterfly 2800/3000/3200: never worth less than zero.
        write(HOLDER, call(2800), 1e18, WRITER);
        write(HOLDER, call(3200), 1e18, WRITER);
        net(WRITER, call(2800), none());
        place(WRITER, call(2800), 1e18);
        place(WRITER, call(3200), 1e18);
        write(WRITER, call(3000), 2e18, HOLDER);
        assertEq(lockedOf(WRITER, call(3000)), 0, "butterfly");
        // A short call spread 3300/3400 on top: its loss is at most (3400 - 3300) / 3400 base, rounded up.
        write(HOLDER, call(3400), 1e18, WRITER);
        place(WRITER, call(3400), 1e18);
        write(WRITER, call(3300), 1e18, HOLDER);
        assertEq(lockedOf(WRITER, call(3000)), (uint256(1e18) * 100 + 3399) / 3400, "wing");
    }
}
