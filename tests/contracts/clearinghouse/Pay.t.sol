// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";

contract PayTest is ClearinghouseFixture {
    function test_RefusesAPayerThatDidNotAgree() public {
        allow(WRITER, OPERATOR, 2);
        vm.expectRevert(notAuthorised(WRITER, OPERATOR, 1));
        vm.prank(OPERATOR);
        house.pay(WRITER, OPERATOR, address(weth), 1);
    }

    function test_RefusesMoreThanIsFree() public {
        vm.expectRevert(insufficient(WRITER, weth, FUNDS_WETH + 1, FUNDS_WETH));
        vm.prank(WRITER);
        house.pay(WRITER, HOLDER, address(weth), FUNDS_WETH + 1);
    }

    function test_RefusesAReceiverThatCannotHaveABalance() public {
        vm.startPrank(WRITER);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        house.pay(WRITER, address(0), address(weth), 1);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(house)));
        house.pay(WRITER, address(house), address(weth), 1);
    }

    function test_MovesFreeBalance() public {
        vm.expectEmit(address(house));
        emit IClearinghouse.Paid(WRITER, HOLDER, address(usdc), 9);
        vm.prank(WRITER);
        house.pay(WRITER, HOLDER, address(usdc), 9);
        assertEq(free(WRITER, usdc), FUNDS_USDC - 9, "payer");
        assertEq(free(HOLDER, usdc), FUNDS_USDC + 9, "payee");
    }

    function test_PayingOneselfChangesNothing() public {
        vm.prank(WRITER);
        house.pay(WRITER, WRITER, address(usdc), FUNDS_USDC);
        assertEq(free(WRITER, usdc), FUNDS_USDC, "balance");
    }

    function test_ATraderPaysForItsOwner() public {
        allow(WRITER, OPERATOR, 1);
        vm.prank(OPERATOR);
        house.pay(WRITER, HOLDER, address(usdc), 9);
        assertEq(free(HOLDER, usdc), FUNDS_USDC + 9, "payee");
    }
}
