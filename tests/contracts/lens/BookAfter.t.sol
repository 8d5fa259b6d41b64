// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {BookKey, SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {LensFixture} from "./LensFixture.sol";

contract BookAfterTest is LensFixture {
    function read(SeriesId series, IClearinghouse.Leg[] memory list)
        private
        view
        returns (IAccountLens.BookAfter memory)
    {
        return accountLens.bookAfter(bob, series.bookKey(), list);
    }

    function refused(IAccountLens.BookAfter memory v, bytes memory refusal) private pure {
        assertEq(v.refusal, refusal);
    }

    function test_RefusesAnAmountOffTheGrid() public view {
        refused(read(call3000, change(call3000, -1)), abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 1));
        refused(read(call3000, change(call3000, 0)), abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
    }

    function test_RefusesWhatIsNotListed() public view {
        SeriesId off = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 3001e8);
        refused(read(off, change(off, -1e18)), abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, off));
        BookKey nowhere = SeriesIdLib.pack(MARKET, Side.CALL, NEAR + 1, 3000e8).bookKey();
        assertEq(
            accountLens.bookAfter(bob, nowhere, new IClearinghouse.Leg[](0)).refusal,
            abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, nowhere)
        );
    }

    function test_RefusesWritingPastExpiryButNotClosing() public {
        write(bob, call3000, 1e18);
        vm.warp(NEAR);
        refused(
            read(call3000, change(call3000, -1e18)), abi.encodeWithSelector(IClearinghouse.Expired.selector, call3000)
        );
        assertEq(read(call3000, change(call3000, 1e18)).refusal.length, 0);
    }

    function test_RefusesNewRiskWhilePausedButNotClosing() public {
        write(bob, call3000, 1e18);
        house.setWritesPaused(true);
        refused(read(call3000, change(call3000, -1e18)), abi.encodeWithSelector(IClearinghouse.Paused.selector));
        refused(read(call3000, change(call3000, 2e18)), abi.encodeWithSelector(IClearinghouse.Paused.selector));
        assertEq(read(call3000, change(call3000, 1e18)).refusal.length, 0);
    }

    function test_RefusesASettledBook() public {
        write(bob, call3000, 1e18);
        settle(NEAR, 3000);
        house.settleLeg(bob, call3000);
        refused(
            read(call3000, change(call3000, 1e18)),
            abi.encodeWithSelector(IClearinghouse.BookAlreadySettled.selector, bob, call3000.bookKey())
        );
    }

    function test_RefusesMoreThanIsFree() public view {
        IAccountLens.BookAfter memory v = read(call3000, change(call3000, -501e18));
        refused(
            v,
            abi.encodeWithSelector(IClearinghouse.InsufficientFreeBalance.selector, bob, address(weth), 501e18, 500e18)
        );
        assertEq(v.requiredAfter, 501e18, "told all the same");
    }

    function test_RefusesASeventeenthLeg() public {
        SeriesId[] memory list = new SeriesId[](17);
        IClearinghouse.Leg[] memory legs = new IClearinghouse.Leg[](18);
        for (uint64 i; i < 17; ++i) {
            list[i] = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 3000e8 + (i + 1) * 1e8);
            legs[i] = IClearinghouse.Leg(list[i].strike(), -1e18);
        }
        markets.listSeries(list);
        legs[17] = IClearinghouse.Leg(list[16].strike(), 2e18);
        refused(read(call3000, legs), abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, 17, 16));
    }

    function test_APlainBookAddsUpByLegs() public {
        write(bob, put3000, 1e18);
        IAccountLens.BookAfter memory v = read(put3000, change(put2700, -2e18));
        assertEq(v.requiredBefore, 3000e6);
        assertEq(v.requiredAfter, 8400e6);
        assertEq(v.difference, 5400e6);
        assertEq(v.worstLoss, 8400e6);
        assertEq(v.worstPrice, 0);
        assertFalse(v.netted || v.mustNet, "plain");
        assertEq(v.legs.length, 2);
        write(bob, put2700, 2e18);
        assertEq(house.book(bob, put3000.bookKey()).locked, v.requiredAfter, "promised is got");
    }

    function test_ALongNeedsNettingAndThenLocksTheSpread() public {
        write(bob, call3000, 1e18);
        buy(calls, call3300, 1e18);
        IAccountLens.BookAfter memory v = read(call3000, change(call3300, 1e18));
        assertTrue(v.netted && v.mustNet, "must net");
        assertEq(v.worstPrice, 3300e18);
        assertEq(v.difference, int256(v.requiredAfter) - 1e18);
        net(bob, only(call3000));
        place(bob, call3300, 1e18);
        assertEq(house.book(bob, call3000.bookKey()).locked, v.requiredAfter, "promised is got");
        v = read(call3000, change(call3300, -0.5e18));
        assertFalse(v.mustNet, "is netted");
        vm.prank(bob);
        house.takeBack(bob, call3300, 0.5e18, bob);
        assertEq(house.book(bob, call3000.bookKey()).locked, v.requiredAfter, "taken back");
    }

    function testFuzz_PromisedIsLocked(int256 first, int256 second, bool put) public {
        (SeriesId near, SeriesId far) = put ? (put2700, put3000) : (call3000, call3300);
        write(bob, near, 10e18);
        write(bob, far, 10e18);
        SeriesId[] memory both = new SeriesId[](2);
        (both[0], both[1]) = (near, far);
        net(bob, both);
        int128 a = _amount(first);
        int128 b = _amount(second);
        IAccountLens.BookAfter memory v = read(near, changes(near, a, far, b));
        assertEq(v.refusal.length, 0);
        _do(near, a);
        _do(far, b);
        assertEq(house.book(bob, near.bookKey()).locked, v.requiredAfter, "locked");
        IClearinghouse.Leg[] memory legs = house.legs(bob, near.bookKey());
        assertEq(legs.length, v.legs.length, "legs");
        for (uint256 i; i < legs.length; ++i) {
            assertEq(legs[i].amount, v.legs[i].amount);
        }
    }

    /// @dev Never zero, never more than the ten tokens there are.
    function _amount(int256 seed) private pure returns (int128) {
        int256 amount = bound(seed, -1e9, 1e9) * 1e10;
        return int128(amount == 0 ? int256(1e10) : amount);
    }

    function _do(SeriesId series, int128 amount) private {
        vm.startPrank(bob);
        if (amount < 0) house.write(bob, series, uint128(-amount), bob);
        else house.place(bob, series, uint128(amount));
        vm.stopPrank();
    }
}
