// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice What a vault says can be claimed is what a claim gives: never less than was promised, in parts never more.
contract MaxClaimsTest is VaultFixture {
    address private _carol = makeAddr("carol");

    /// @dev A deposit and a redemption at a share's odd value, both processed.
    function _processed(uint256 seed) private returns (IVault vault) {
        vault = seed % 2 == 0 ? calls : puts;
        buy(vault, seed % 2 == 0 ? call3000 : put3000, bound(seed >> 8, 0.01e18, 20e18) / 1e10 * 1e10);
        requestDeposit(vault, _carol, bound(seed >> 32, 1e7, 90e9) * (seed % 2 == 0 ? 1e9 : 1));
        uint256 shares = bound(seed >> 64, 2e18, vault.balanceOf(alice) / 2);
        vm.prank(alice);
        vault.requestRedeem(shares, alice, alice);
        skip(1 hours);
        refresh();
        vault.process(10);
    }

    function testFuzz_wholeClaimsGiveWhatTheLimitsSay(uint256 seed) public {
        IVault vault = _processed(seed);
        (uint256 assets, uint256 shares) = (vault.maxDeposit(_carol), vault.maxMint(_carol));
        bool byShares = seed >> 128 & 1 == 0;
        vm.prank(_carol);
        if (byShares) assertEq(vault.mint(shares, _carol), assets, "mint");
        else assertEq(vault.deposit(assets, _carol), shares, "deposit");
        assertEq(vault.balanceOf(_carol), shares, "shares");

        (assets, shares) = (vault.maxWithdraw(alice), vault.maxRedeem(alice));
        address asset = vault.asset();
        uint256 before = _balance(asset);
        vm.prank(alice);
        if (byShares) assertEq(vault.redeem(shares, alice, alice), assets, "redeem");
        else assertEq(vault.withdraw(assets, alice, alice), shares, "withdraw");
        assertEq(_balance(asset) - before, assets, "assets");
        assertEq(vault.maxDeposit(_carol) + vault.maxMint(_carol), 0, "nothing twice");
        assertEq(vault.maxWithdraw(alice) + vault.maxRedeem(alice), 0, "nothing twice");
    }

    function _balance(address asset) private view returns (uint256) {
        return IVault(asset).balanceOf(alice);
    }

    /// @dev However a claim is cut, its parts sum to the whole: what a part rounds off is in the rest.
    function testFuzz_partsSumToTheWhole(uint256 seed, uint256 cut) public {
        IVault vault = _processed(seed);
        (uint256 assets, uint256 shares) = (vault.maxDeposit(_carol), vault.maxMint(_carol));
        vm.startPrank(_carol);
        uint256 got = vault.deposit(bound(cut, 1, assets - 1), _carol);
        assertLe(got, shares, "no part gives more than the whole");
        got += vault.deposit(vault.maxDeposit(_carol), _carol);
        vm.stopPrank();
        assertEq(got, shares, "deposits");

        (assets, shares) = (vault.maxWithdraw(alice), vault.maxRedeem(alice));
        vm.startPrank(alice);
        got = vault.redeem(bound(cut, 1, shares - 1), alice, alice);
        assertLe(got, assets, "no part gives more than the whole");
        uint256 rest = vault.maxRedeem(alice);
        // A part may have taken all assets that its rounding left.
        got += vault.redeem(rest, alice, alice);
        vm.stopPrank();
        assertEq(got, assets, "redemptions");
    }
}
