// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {BookKey} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract SettleBookTest is ClearinghouseFixture {
    BookKey private _key;

    function setUp() public override {
        super.setUp();
        _key = put(3000).bookKey();
        // Short 10 of 3000, long 10 of 2800, at most 2,000 lost.
        write(HOLDER, put(2800), 10e18, WRITER);
        net(WRITER, put(3000), none());
        place(WRITER, put(2800), 10e18);
        write(WRITER, put(3000), 10e18, HOLDER);
    }

    function test_RefusesBeforeTheSettlementPrice() public {
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.settleBook(WRITER, _key);
    }

    function test_RefusesAPlainBookAndNone() public {
        settle(2900);
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.WrongBookKind.selector, HOLDER, _key, IClearinghouse.BookKind.PLAIN)
        );
        house.settleBook(HOLDER, _key);
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.WrongBookKind.selector, STRANGER, _key, IClearinghouse.BookKind.NONE)
        );
        house.settleBook(STRANGER, _key);
    }

    function test_RefusesASecondTime() public {
        settle(2900);
        house.settleBook(WRITER, _key);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BookAlreadySettled.selector, WRITER, _key));
        house.settleBook(WRITER, _key);
    }

    function test_RefusesToBeNettedAgain() public {
        settle(2900);
        house.settleBook(WRITER, _key);
        vm.warp(EXPIRY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.WrongBookKind.selector, WRITER, _key, IClearinghouse.BookKind.SETTLED)
        );
        vm.prank(WRITER);
        house.net(WRITER, _key, none());
    }

    /// @dev A leg that moved from a plain book into a netted one is settled with that, and not once more on its own.
    function test_ALegThatWasNettedSettlesOnce() public {
        write(OPERATOR, put(3000), 1e18, HOLDER);
        net(OPERATOR, put(3000), strikes1(3000));
        settle(2900);
        house.settleBook(OPERATOR, _key);
        assertEq(house.leg(OPERATOR, put(3000)), 0, "no leg left");
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NothingToSettle.selector, OPERATOR, put(3000)));
        house.settleLeg(OPERATOR, put(3000));
    }

    function test_AnybodySettlesAllLegsAtOnce() public {
        settle(2900);
        vm.expectEmit(address(house));
        emit IClearinghouse.BookSettled(WRITER, _key, 0, int256(1000 * USDC), 1000 * USDC);
        vm.prank(STRANGER);
        house.settleBook(WRITER, _key);
        IClearinghouse.Book memory b = bookOf(WRITER, put(3000));
        assertEq(uint256(b.kind), uint256(IClearinghouse.BookKind.SETTLED), "kind");
        assertEq(b.legCount, 0, "legs");
        assertEq(b.locked, 0, "locked");
        assertEq(house.leg(WRITER, put(3000)), 0, "leg");
        assertEq(house.legs(WRITER, _key).length, 0, "legs");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 1000 * USDC, "writer");
    }

    function test_OwesNoMoreThanItsWorst() public {
        settle(11);
        house.settleBook(WRITER, _key);
        assertEq(free(WRITER, usdc), FUNDS_USDC - 2000 * USDC, "all that was locked");
    }

    function test_ABookWorthMoreThanNothingIsPaid() public {
        write(HOLDER, put(3500), 1e18, WRITER);
        place(WRITER, put(3500), 1e18);
        uint256 locked = lockedOf(WRITER, put(3000));
        settle(3200);
        vm.expectEmit(address(house));
        emit IClearinghouse.BookSettled(WRITER, _key, 0, -int256(300 * USDC), locked);
        house.settleBook(WRITER, _key);
        assertEq(free(WRITER, usdc), FUNDS_USDC + 300 * USDC, "paid from the pool");
    }

    function test_RoundsOnceAgainstTheBook() public {
        write(HOLDER, put(3500), 1e10, WRITER);
        place(WRITER, put(3500), 1e10);
        // 1e-8 contracts worth 299.99: 2.9999 units of 1e-6, paid as 2.
        settleAt(ETH, EXPIRY, feed, 3200.01e18);
        house.settleBook(WRITER, _key);
        assertEq(free(WRITER, usdc), FUNDS_USDC + 2, "rounded down");
    }
}
