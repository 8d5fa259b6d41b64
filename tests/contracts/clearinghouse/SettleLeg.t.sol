// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract SettleLegTest is ClearinghouseFixture {
    function test_RefusesBeforeTheSettlementPrice() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.settleLeg(WRITER, call(3000));
    }

    function test_RefusesALegThatIsNotThere() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        settle(3500);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NothingToSettle.selector, WRITER, call(3100)));
        house.settleLeg(WRITER, call(3100));
    }

    function test_RefusesASecondTime() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        settle(3500);
        house.settleLeg(WRITER, call(3000));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NothingToSettle.selector, WRITER, call(3000)));
        house.settleLeg(WRITER, call(3000));
    }

    function test_RefusesANettedBook() public {
        write(WRITER, call(3000), 1e18, HOLDER);
        net(WRITER, call(3000), strikes1(3000));
        settle(3500);
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearinghouse.WrongBookKind.selector, WRITER, call(3000).bookKey(), IClearinghouse.BookKind.NETTED
            )
        );
        house.settleLeg(WRITER, call(3000));
    }

    function test_AnybodySettlesEachLegOnItsOwn() public {
        write(WRITER, put(3000), 2e18, HOLDER);
        write(WRITER, put(2000), 1e18, HOLDER);
        settle(2999);
        vm.expectEmit(address(house));
        emit IClearinghouse.BookSettled(WRITER, put(3000).bookKey(), 3000e8, int256(2 * USDC), 5998 * USDC);
        vm.prank(STRANGER);
        house.settleLeg(WRITER, put(3000));
        IClearinghouse.Book memory b = bookOf(WRITER, put(3000));
        assertEq(uint256(b.kind), uint256(IClearinghouse.BookKind.PLAIN), "one leg is left");
        assertEq(b.legCount, 1, "legs");
        assertEq(b.locked, 2000 * USDC, "locked for the other");
        house.settleLeg(WRITER, put(2000));
        b = bookOf(WRITER, put(3000));
        assertEq(uint256(b.kind), uint256(IClearinghouse.BookKind.SETTLED), "settled with its last leg");
        assertEq(b.locked, 0, "nothing locked");
        assertEq(free(WRITER, usdc), FUNDS_USDC - 2 * USDC, "writer");
    }

    function test_WhatIsOwedRoundsUp() public {
        // 1e-8 contracts at 3000 - 2000 = 1000: 10 units of 1e-6. At 2999.99: 0.0001 units, which is one.
        write(WRITER, put(3000), 1e10, HOLDER);
        settleAt(ETH, EXPIRY, feed, 2999.99e18);
        house.settleLeg(WRITER, put(3000));
        assertEq(free(WRITER, usdc), FUNDS_USDC - 1, "the writer owes one unit");
        assertEq(house.redeemFor(HOLDER, put(3000)), 0, "the holder is paid none");
    }
}
