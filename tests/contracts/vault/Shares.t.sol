// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice The share token's name, value and estimates.
contract SharesTest is VaultFixture {
    function test_namesItself() public view {
        assertEq(calls.name(), "Optionix ETH Call Vault");
        assertEq(calls.symbol(), "oxETH-C");
        assertEq(puts.name(), "Optionix ETH Put Vault");
        assertEq(puts.symbol(), "oxETH-P");
        assertEq(uint256(puts.decimals()), 18);
        assertEq(puts.asset(), address(usdc));
        assertEq(puts.share(), address(puts));
    }

    function test_sharesStartAtOneAToken() public view {
        assertEq(calls.balanceOf(alice), LIQUIDITY);
        assertEq(puts.balanceOf(alice), QUOTE_LIQUIDITY * 1e12);
        assertEq(puts.convertToShares(1e6), 1e18);
        assertEq(puts.convertToAssets(1e18), 1e6);
        assertEq(puts.totalAssets(), QUOTE_LIQUIDITY);
    }

    function test_previewsRevert() public {
        bytes4 refused = IOptionVault.AsynchronousPreview.selector;
        vm.expectRevert(refused);
        calls.previewDeposit(1);
        vm.expectRevert(refused);
        calls.previewMint(1);
        vm.expectRevert(refused);
        calls.previewRedeem(1);
        vm.expectRevert(refused);
        calls.previewWithdraw(1);
    }
}
