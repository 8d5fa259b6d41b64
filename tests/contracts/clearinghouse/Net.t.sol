// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {NettedLegs} from "../../../contracts/libraries/NettedLegs.sol";
import {BookKey, BookKeyLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract NetTest is ClearinghouseFixture {
    BookKey private _key = BookKeyLib.pack(ETH, Side.PUT, EXPIRY);

    // --- failures ---

    function test_RefusesACallerWithoutAuthority() public {
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.net(WRITER, _key, none());
    }

    function test_RefusesABookThatIsNotListed() public {
        BookKey[3] memory unlisted = [
            BookKeyLib.pack(ETH, Side.PUT, EXPIRY + 1 days),
            BookKey.wrap(BookKey.unwrap(_key) | 1 << 64),
            BookKey.wrap(BookKey.unwrap(_key) | 2 << 40)
        ];
        for (uint256 i; i < unlisted.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, unlisted[i]));
            vm.prank(WRITER);
            house.net(WRITER, unlisted[i], none());
        }
    }

    function test_RefusesFromExpiryOn() public {
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.Expired.selector, _key.series(0)));
        vm.prank(WRITER);
        house.net(WRITER, _key, none());
    }

    function test_RefusesASecondTime() public {
        net(WRITER, put(3000), none());
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.WrongBookKind.selector, WRITER, _key, IClearinghouse.BookKind.NETTED)
        );
        net(WRITER, put(3000), none());
    }

    function test_RefusesMoreOrFewerLegsThanItHolds() public {
        write(WRITER, put(3000), 1e18, HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsMismatch.selector, 0, 1));
        net(WRITER, put(3000), none());
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsMismatch.selector, 2, 1));
        net(WRITER, put(3000), strikes2(2900, 3000));
    }

    function test_RefusesALegThatItDoesNotHold() public {
        write(WRITER, put(3000), 1e18, HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.EmptyLeg.selector, put(3100)));
        net(WRITER, put(3000), strikes1(3100));
    }

    function test_RefusesStrikesOutOfOrderOrTwice() public {
        write(WRITER, put(3000), 1e18, HOLDER);
        write(WRITER, put(3100), 1e18, HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsNotAscending.selector, 3100e8, 3000e8));
        net(WRITER, put(3000), strikes2(3100, 3000));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.LegsNotAscending.selector, 3000e8, 3000e8));
        net(WRITER, put(3000), strikes2(3000, 3000));
    }

    function test_RefusesMoreThanSixteenLegs() public {
        uint64[] memory strikes = new uint64[](17);
        for (uint64 i; i < 17; ++i) {
            write(WRITER, put(2000 + 100 * i), 1e18, HOLDER);
            strikes[i] = (2000 + 100 * i) * 1e8;
        }
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, 17, 16));
        net(WRITER, put(3000), strikes);
    }

    // --- what it does ---

    function test_OneLimitOfLegsEverywhere() public view {
        assertEq(NettedLegs.MAX_LEGS, BookRequirement.MAX_LEGS);
        assertEq(house.MAX_LEGS(), BookRequirement.MAX_LEGS);
    }

    function test_MovesEachLegAndRoundsOnce() public {
        list(put(2001));
        write(WRITER, put(2001), 1e10, HOLDER);
        write(WRITER, put(3000), 2e18, HOLDER);
        uint256 plain = lockedOf(WRITER, put(3000));
        uint64[] memory strikes = new uint64[](2);
        (strikes[0], strikes[1]) = (2001e8, 3000e8);
        vm.expectEmit(address(house));
        emit IClearinghouse.BookNetted(WRITER, _key, plain);
        net(WRITER, put(3000), strikes);
        IClearinghouse.Book memory b = bookOf(WRITER, put(3000));
        assertEq(uint256(b.kind), uint256(IClearinghouse.BookKind.NETTED), "kind");
        assertEq(b.legCount, 2, "legs");
        assertEq(house.leg(WRITER, put(2001)), -1e10, "first");
        assertEq(house.leg(WRITER, put(3000)), -2e18, "second");
        assertEq(house.leg(WRITER, put(2500)), 0, "none");
    }

    function test_ReleasesWhatRoundingPerLegHeldTooMuch() public {
        // 20.01 + 21.00 + 20.01... rounded on the sum instead of on each leg.
        list(put(2001));
        list(put(2011));
        write(WRITER, put(2001), 1e10, HOLDER);
        write(WRITER, put(2011), 1e10, HOLDER);
        assertEq(lockedOf(WRITER, put(2001)), 21 + 21, "each leg rounded up: 20.01 and 20.11");
        net(WRITER, put(2001), strikes2(2001, 2011));
        assertEq(lockedOf(WRITER, put(2001)), 41, "the sum rounded up: 40.12");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 41, "the difference is free");
    }

    function test_NetsAnEmptyBook() public {
        net(WRITER, put(3000), none());
        assertEq(lockedOf(WRITER, put(3000)), 0, "locked");
        assertEq(uint256(bookOf(WRITER, put(3000)).kind), uint256(IClearinghouse.BookKind.NETTED), "kind");
    }
}
