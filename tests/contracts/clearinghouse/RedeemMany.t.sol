// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {Pool} from "../support/Receivers.sol";

contract RedeemManyTest is ClearinghouseFixture {
    function setUp() public override {
        super.setUp();
        write(WRITER, call(3000), 4e18, HOLDER);
        write(WRITER, put(4000), 1e18, HOLDER);
        write(WRITER, call(3000), 4e18, OPERATOR);
    }

    // --- failures ---

    function test_RefusesAnExpiryWithoutAPrice() public {
        vm.warp(EXPIRY + 60);
        IClearinghouse.Item[] memory items = _all();
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        house.redeemMany(items);
    }

    // --- what it does ---

    function test_RedeemsWholeBalancesToTheirHolders() public {
        settle(4000);
        IClearinghouse.Item[] memory items = _all();
        vm.expectEmit(address(house));
        emit IClearinghouse.Redeemed(HOLDER, call(3000), 4e18, HOLDER, 1e18, true);
        vm.expectEmit(address(house));
        emit IClearinghouse.Redeemed(HOLDER, put(4000), 1e18, HOLDER, 0, true);
        vm.prank(STRANGER);
        bool[] memory done = house.redeemMany(items);
        assertTrue(done[0] && done[1] && done[2], "done, worth something or not");
        assertEq(free(HOLDER, weth), FUNDS_WETH + 1e18, "holder");
        assertEq(free(OPERATOR, weth), FUNDS_WETH + 1e18, "other");
        assertEq(free(STRANGER, weth), 0, "nothing for the caller");
        assertEq(supply(call(3000)), 0, "burned");
    }

    function test_SkipsWhoRedeemedBeforeAndWhatIsThereTwice() public {
        settle(4000);
        vm.prank(HOLDER);
        house.redeem(call(3000), 4e18, HOLDER);
        IClearinghouse.Item[] memory items = _all();
        items[1] = items[2];
        bool[] memory done = house.redeemMany(items);
        assertFalse(done[0], "redeemed before");
        assertTrue(done[1], "once");
        assertFalse(done[2], "not twice");
        assertEq(free(OPERATOR, weth), FUNDS_WETH + 1e18, "once");
    }

    /// @dev A holder that has code by the time of the batch, and never agreed, holds nobody else up.
    function test_SkipsHoldersWithCodeThatDidNotAgree() public {
        Pool pool = new Pool();
        write(WRITER, call(3000), 4e18, address(pool));
        settle(4000);
        IClearinghouse.Item[] memory items = _all();
        items[1].account = address(pool);
        items[1].series = call(3000);
        bool[] memory done = house.redeemMany(items);
        assertTrue(done[0] && done[2], "the others");
        assertFalse(done[1], "skipped");
        assertEq(held(address(pool), call(3000)), 4e18, "untouched");
        vm.prank(address(pool));
        house.setRedeemFor(true);
        done = house.redeemMany(items);
        assertTrue(done[1], "agreed");
        assertEq(free(address(pool), weth), 1e18, "credited");
    }

    function test_AContractRedeemsItsOwn() public {
        Pool pool = new Pool();
        write(WRITER, call(3000), 4e18, address(pool));
        settle(4000);
        IClearinghouse.Item[] memory items = new IClearinghouse.Item[](1);
        items[0] = IClearinghouse.Item(address(pool), call(3000));
        vm.prank(address(pool));
        bool[] memory done = house.redeemMany(items);
        assertTrue(done[0], "for itself");
    }

    function _all() private view returns (IClearinghouse.Item[] memory items) {
        items = new IClearinghouse.Item[](3);
        items[0] = IClearinghouse.Item(HOLDER, call(3000));
        items[1] = IClearinghouse.Item(HOLDER, put(4000));
        items[2] = IClearinghouse.Item(OPERATOR, call(3000));
    }
}
