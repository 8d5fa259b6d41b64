// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ClearinghouseFixture} from "../support/ClearinghouseFixture.sol";
import {FeeToken} from "../support/Tokens.sol";

contract DepositTest is ClearinghouseFixture {
    function test_RefusesNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadAmount.selector, 0));
        house.deposit(address(weth), 0);
    }

    function test_RefusesAnAddressWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadToken.selector, STRANGER));
        house.deposit(STRANGER, 1);
    }

    function test_RefusesMoreThanWasApproved() public {
        weth.mint(STRANGER, 2);
        vm.startPrank(STRANGER);
        weth.approve(address(house), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(house), 1, 2));
        house.deposit(address(weth), 2);
    }

    function test_RefusesATokenThatTakesAFee() public {
        FeeToken taking = new FeeToken();
        taking.mint(STRANGER, 100);
        vm.startPrank(STRANGER);
        taking.approve(address(house), 100);
        vm.expectRevert(
            abi.encodeWithSelector(IClearinghouse.TransferAmountMismatch.selector, address(taking), 100, 99)
        );
        house.deposit(address(taking), 100);
    }

    function test_CreditsTheCallerOnly() public {
        weth.mint(STRANGER, 5);
        vm.startPrank(STRANGER);
        weth.approve(address(house), 5);
        vm.expectEmit(address(house));
        emit IClearinghouse.Deposited(STRANGER, address(weth), 5);
        house.deposit(address(weth), 5);
        assertEq(free(STRANGER, weth), 5, "credited");
        assertEq(free(STRANGER, usdc), 0, "other token");
        assertEq(free(WRITER, weth), FUNDS_WETH, "other account");
    }

    function test_ADonationBelongsToNobody() public {
        weth.mint(address(house), 1e18);
        weth.mint(STRANGER, 5);
        vm.startPrank(STRANGER);
        weth.approve(address(house), 5);
        house.deposit(address(weth), 5);
        assertEq(free(STRANGER, weth), 5, "only what was moved in the call");
    }
}
