// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract RedeemTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        write(WRITER, call(3000), 4e18, HOLDER);
        write(WRITER, put(3000), 4e18, HOLDER);
    }

    // --- failures ---

    function test_RefusesBeforeTheSettlementPrice() public {
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        vm.prank(HOLDER);
        house.redeem(call(3000), 1e18, HOLDER);
    }

    function test_RefusesNothing() public {
        settle(4000);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        vm.prank(HOLDER);
        house.redeem(call(3000), 0, HOLDER);
    }

    function test_RefusesMoreThanIsHeld() public {
        settle(4000);
        vm.startPrank(HOLDER);
        house.redeem(call(3000), 4e18, HOLDER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, HOLDER, 0, 1, SeriesId.unwrap(call(3000))
            )
        );
        house.redeem(call(3000), 1, HOLDER);
    }

    function test_RefusesAReceiverThatWouldStrandIt() public {
        settle(4000);
        vm.startPrank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        house.redeem(call(3000), 1e18, address(0));
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(house)));
        house.redeem(call(3000), 1e18, address(house));
    }

    function test_APlacedLongRedeemsNothing() public {
        net(HOLDER, call(3000), none());
        place(HOLDER, call(3000), 4e18);
        settle(4000);
        vm.startPrank(HOLDER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, HOLDER, 0, 4e18, SeriesId.unwrap(call(3000))
            )
        );
        house.redeem(call(3000), 4e18, HOLDER);
        house.settleBook(HOLDER, call(3000).bookKey());
        assertEq(free(HOLDER, weth), FUNDS_WETH + 1e18, "the book is paid, once");
    }

    // --- what it does ---

    function test_PaysAnyReceiver() public {
        settle(4000);
        vm.expectEmit(address(house));
        emit IClearinghouse.Redeemed(HOLDER, call(3000), 4e18, STRANGER, 1e18, false);
        vm.prank(HOLDER);
        assertEq(house.redeem(call(3000), 4e18, STRANGER), 1e18, "4 * (4000 - 3000) / 4000");
        assertEq(weth.balanceOf(STRANGER), 1e18, "received");
        assertEq(supply(call(3000)), 0, "burned");
    }

    function test_AnyAmountRoundsDown() public {
        settle(2999);
        vm.startPrank(HOLDER);
        assertEq(house.redeem(put(3000), 1e12 - 1, HOLDER), 0, "less than a unit");
        assertEq(house.redeem(put(3000), 1e12, HOLDER), 1, "a unit");
        assertEq(house.redeem(put(3000), 2e12 - 1, HOLDER), 1, "less than two");
        assertEq(usdc.balanceOf(HOLDER), 2, "paid");
    }

    function test_WorthlessTokensBurnForNothing() public {
        settle(3000);
        vm.startPrank(HOLDER);
        assertEq(house.redeem(call(3000), 4e18, HOLDER), 0, "call");
        assertEq(house.redeem(put(3000), 4e18, HOLDER), 0, "put");
        assertEq(held(HOLDER, call(3000)), 0, "burned");
    }

    function test_NeverLapses() public {
        settle(4000);
        house.settleLeg(WRITER, call(3000));
        vm.warp(EXPIRY + 100 * 365 days);
        vm.prank(HOLDER);
        assertEq(house.redeem(call(3000), 4e18, HOLDER), 1e18, "paid");
    }

    function test_PayoffSaysWhatRedeemPays() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.payoff(call(3000), 1e18);
        settle(3700);
        uint256 said = house.payoff(call(3000), 3e18);
        vm.prank(HOLDER);
        assertEq(house.redeem(call(3000), 3e18, HOLDER), said, "same");
    }

    /// @dev Splitting a redemption never pays more than taking it at once, and all of it never more than the writer owes.
    function testFuzz_SplittingNeverPaysMore(uint256 price, uint256 amount, uint256 part, bool isCall) public {
        SeriesId id = isCall ? call(3000) : put(3000);
        amount = bound(amount, 2, 4e18);
        part = bound(part, 1, amount - 1);
        settleAt(ETH, EXPIRY, feed, bound(price, 10e8, 100_000e8) * 1e10);
        uint256 whole = house.payoff(id, amount);
        vm.startPrank(HOLDER);
        uint256 paid = house.redeem(id, part, HOLDER) + house.redeem(id, amount - part, HOLDER);
        assertLe(paid, whole, "split");
        assertGe(paid + 1, whole, "by a unit at most");
        uint256 before = free(WRITER, isCall ? weth : usdc);
        if (amount < 4e18) paid += house.redeem(id, 4e18 - amount, HOLDER);
        house.settleLeg(WRITER, id);
        uint256 locked = isCall ? 4e18 : 12_000 * USDC;
        uint256 owed = locked - (free(WRITER, isCall ? weth : usdc) - before);
        assertLe(paid, owed, "paid at most what is owed");
    }
}
