// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract WriteTest is ClearinghouseFixture {
    // --- failures ---

    function test_RefusesACallerWithoutAuthority() public {
        allow(WRITER, OPERATOR, 2);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.write(WRITER, call(3000), 1e18, OPERATOR);
    }

    function test_RefusesWhilePaused() public {
        house.setWritesPaused(true);
        vm.expectRevert(IClearinghouse.Paused.selector);
        write(WRITER, call(3000), 1e18, HOLDER);
    }

    function test_RefusesAmountsThatAreNone() public {
        uint256[3] memory amounts = [uint256(0), 1e10 + 1, 1 << 127];
        for (uint256 i; i < amounts.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, amounts[i]));
            write(WRITER, call(3000), amounts[i], HOLDER);
        }
    }

    function test_RefusesALegThatLeavesItsField() public {
        uint256 largest = uint256(1 << 127) / 1e10 * 1e10;
        deposit(WRITER, weth, largest + 1e18);
        write(WRITER, call(3000), largest, HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, largest + 1e10));
        write(WRITER, call(3000), 1e10, HOLDER);
    }

    function test_RefusesFromExpiryOn() public {
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.Expired.selector, call(3000)));
        write(WRITER, call(3000), 1e18, HOLDER);
    }

    function test_RefusesAnUnlistedSeries() public {
        SeriesId[3] memory unlisted = [
            call(2001),
            SeriesId.wrap(SeriesId.unwrap(call(3000)) | 1 << 200),
            SeriesId.wrap(SeriesId.unwrap(call(3000)) | 2 << 104)
        ];
        for (uint256 i; i < unlisted.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, unlisted[i]));
            write(WRITER, unlisted[i], 1e18, HOLDER);
        }
        net(WRITER, call(3000), none());
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, call(2001)));
        write(WRITER, call(2001), 1e18, HOLDER);
    }

    function test_RefusesWhatIsNotCovered() public {
        vm.expectRevert(insufficient(WRITER, weth, FUNDS_WETH + 1e10, FUNDS_WETH));
        write(WRITER, call(3000), 100e18 + 1e10, HOLDER);
        net(WRITER, put(3000), none());
        vm.expectRevert(insufficient(WRITER, usdc, 1_002_000 * USDC, FUNDS_USDC));
        write(WRITER, put(3000), 334e18, HOLDER);
    }

    function test_RefusesAReceiverOfNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, address(0)));
        write(WRITER, call(3000), 1e18, address(0));
    }

    function test_RefusesASeventeenthLeg() public {
        net(WRITER, put(2000), none());
        for (uint64 i; i < 16; ++i) {
            write(WRITER, put(2000 + 100 * i), 1e18, HOLDER);
        }
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, 17, 16));
        write(WRITER, put(3600), 1e18, HOLDER);
        // More of a leg that is there is no new leg.
        write(WRITER, put(3500), 1e18, HOLDER);
        assertEq(bookOf(WRITER, put(2000)).legCount, 16, "legs");
    }

    // --- what it does ---

    function test_LocksAndMints() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.Written(WRITER, call(3000), 2e18, HOLDER, 2e18);
        write(WRITER, call(3000), 2e18, HOLDER);
        IClearinghouse.Book memory b = bookOf(WRITER, call(3000));
        assertEq(uint256(b.kind), uint256(IClearinghouse.BookKind.PLAIN), "kind");
        assertEq(b.legCount, 1, "legs");
        assertEq(b.locked, 2e18, "locked");
        assertEq(house.leg(WRITER, call(3000)), -2e18, "leg");
        assertEq(house.legs(WRITER, call(3000).bookKey()).length, 0, "a plain book lists no legs");
        assertEq(held(HOLDER, call(3000)), 2e18, "tokens");
        assertEq(supply(call(3000)), 2e18, "supply");
        assertEq(free(WRITER, weth), FUNDS_WETH - 2e18, "free");
    }

    function test_KeepsBooksOfSidesAndAccountsApart() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        write(WRITER, put(3000), 1e18, HOLDER);
        write(HOLDER, call(3000), 3e18, WRITER);
        assertEq(lockedOf(WRITER, call(3000)), 1e18, "calls");
        assertEq(lockedOf(WRITER, put(3000)), 3000 * USDC, "puts");
        assertEq(lockedOf(HOLDER, call(3000)), 3e18, "other account");
    }

    function test_RoundsEachPlainLegUpFromItsWholeAmount() public {
        // 1e-8 contracts at 2,001 lock 20.01 units of 1e-6: 21. A second one makes 40.02: 41, not 42.
        list(put(2001));
        write(WRITER, put(2001), 1e10, HOLDER);
        assertEq(lockedOf(WRITER, put(2001)), 21, "one");
        write(WRITER, put(2001), 1e10, HOLDER);
        assertEq(lockedOf(WRITER, put(2001)), 41, "two");
        write(WRITER, put(2100), 1e10, HOLDER);
        assertEq(lockedOf(WRITER, put(2001)), 62, "each leg on its own");
        assertEq(bookOf(WRITER, put(2001)).legCount, 2, "legs");
    }

    function test_AnOperatorWritesForItsOwner() public {
        allow(WRITER, OPERATOR, 1);
        vm.prank(OPERATOR);
        house.write(WRITER, call(3000), 1e18, HOLDER);
        assertEq(lockedOf(WRITER, call(3000)), 1e18, "the owner's collateral");
        assertEq(lockedOf(OPERATOR, call(3000)), 0, "not the operator's");
    }

    function test_WritesAgainstAPlacedLongShrinkItFirst() public {
        write(HOLDER, put(3000), 2e18, WRITER);
        net(WRITER, put(3000), none());
        place(WRITER, put(3000), 2e18);
        write(WRITER, put(3000), 5e18, HOLDER);
        assertEq(house.leg(WRITER, put(3000)), -3e18, "crosses zero");
        assertEq(lockedOf(WRITER, put(3000)), 9000 * USDC, "locked");
        write(WRITER, put(2900), 1e18, HOLDER);
        IClearinghouse.Leg[] memory legs = house.legs(WRITER, put(3000).bookKey());
        assertEq(legs.length, 2, "legs");
        assertEq(legs[0].strike, 2900e8, "ascending");
        assertEq(legs[1].strike, 3000e8, "ascending");
        assertEq(legs[1].amount, -3e18, "amount");
    }
}
