// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVaultLens} from "../../../contracts/interfaces/lens/IVaultLens.sol";
import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {LensFixture} from "./LensFixture.sol";

contract VaultLensTest is LensFixture {
    function ids(uint256 a, uint256 b) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function test_SaysWhatTheVaultSays() public {
        buy(calls, call3000, 3e18);
        requestDeposit(calls, alice, 5e18);
        nextBlock();
        IVaultLens.VaultView memory v = vaultLens.vault(address(calls));
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertEq(v.assetsAtBid, entering);
        assertEq(v.assetsAtAsk, leaving);
        assertEq(v.idle, calls.idleAssets());
        assertEq(v.locked, 3e18);
        assertEq(v.utilisation, 3e36 / leaving);
        assertEq(v.asset, address(weth));
        assertTrue(v.market == MARKET && v.side == Side.CALL, "what");
        assertEq(v.open.length, 1);
        assertEq(SeriesId.unwrap(v.open[0].series), SeriesId.unwrap(call3000));
        assertEq(v.open[0].written, 3e18);
        assertEq(v.queues.pendingAssets, 5e18);
        assertEq(v.params.minAmount, calls.params().minAmount);
        assertEq(v.fees.performance, calls.fees().performance);
        assertFalse(v.tradesPaused || v.depositsPaused, "paused");
    }

    function test_TheValueOfAShareIsWhatEntersAndLeaves() public {
        buy(puts, put3000, 3e18);
        nextBlock();
        IVaultLens.VaultView memory v = vaultLens.vault(address(puts));
        assertEq(v.shareAtAsk, puts.convertToAssets(1e18), "leaving");
        assertGe(puts.convertToShares(v.shareAtBid), 1e18, "entering");
        assertLt(puts.convertToShares(v.shareAtBid - 1), 1e18, "no less");
        assertGt(v.shareAtBid, v.shareAtAsk, "between them");
    }

    function test_TellsAPause() public {
        calls.setTradesPaused(true);
        calls.setDepositsPaused(true);
        IVaultLens.VaultView memory v = vaultLens.vault(address(calls));
        assertTrue(v.tradesPaused && v.depositsPaused, "paused");
    }

    function test_ADeadFeedCountsCollateralAndStopsNothing() public {
        buy(calls, call3000, 3e18);
        nextBlock();
        vm.mockCallRevert(address(feed), abi.encodeWithSignature("latestRoundData()"), "");
        IVaultLens.VaultView memory v = vaultLens.vault(address(calls));
        assertEq(v.assetsAtAsk, v.idle, "all that is locked counts as owed");
        assertEq(v.valueError.length, 0);
    }

    function test_RequestsOfAControllerWithTheirState() public {
        uint256 id = requestDeposit(calls, bob, 5e18);
        uint256 mine = requestDeposit(calls, alice, 1e18);
        IVaultLens.ControllerView memory v = vaultLens.controller(address(calls), bob, ids(id, mine), new uint256[](0));
        assertEq(uint8(v.deposits[0].state), uint8(IVaultLens.RequestState.WAITING));
        assertEq(v.deposits[0].pending, 5e18);
        assertEq(v.deposits[0].readyAt, vm.getBlockTimestamp() + 1 hours);
        assertTrue(v.deposits[0].cancellable, "its notice runs");
        // another controller's request is nothing of bob's
        assertEq(uint8(v.deposits[1].state), uint8(IVaultLens.RequestState.NONE));
        assertEq(v.deposits[1].pending + v.deposits[1].claimable + v.deposits[1].readyAt, 0);

        uint256 promised = vaultLens.estimateDeposit(address(calls), 5e18).shares;
        skip(1 hours);
        refresh();
        v = vaultLens.controller(address(calls), bob, ids(id, mine), new uint256[](0));
        assertEq(uint8(v.deposits[0].state), uint8(IVaultLens.RequestState.READY));
        assertFalse(v.deposits[0].cancellable, "ready");
        calls.process(10);
        v = vaultLens.controller(address(calls), bob, ids(id, mine), new uint256[](0));
        assertEq(uint8(v.deposits[0].state), uint8(IVaultLens.RequestState.CLAIMABLE));
        assertEq(v.maxDeposit, 5e18);
        assertEq(v.maxMint, promised, "an idle vault's estimate holds");

        vm.prank(bob);
        uint256 shares = calls.deposit(5e18, bob, bob);
        v = vaultLens.controller(address(calls), bob, ids(id, mine), new uint256[](0));
        assertEq(uint8(v.deposits[0].state), uint8(IVaultLens.RequestState.DONE));
        assertEq(v.shares, shares);
        assertEq(v.redeemsFor, calls.convertToAssets(shares));
    }

    function test_RedemptionsAndTheirEstimate() public {
        uint256 shares = calls.balanceOf(alice) / 2;
        vm.prank(alice);
        uint256 id = calls.requestRedeem(shares, alice, alice);
        skip(1 hours);
        refresh();
        uint256 promised = vaultLens.estimateRedeem(address(calls), shares).assets;
        IVaultLens.ControllerView memory v = vaultLens.controller(address(calls), alice, new uint256[](0), ids(id, id));
        assertEq(uint8(v.redemptions[0].state), uint8(IVaultLens.RequestState.READY));
        calls.process(1);
        v = vaultLens.controller(address(calls), alice, new uint256[](0), ids(id, id));
        assertEq(uint8(v.redemptions[0].state), uint8(IVaultLens.RequestState.CLAIMABLE));
        assertEq(v.maxWithdraw, promised, "promised is got");
        assertEq(v.maxRedeem, shares);
    }

    function test_APartlyFilledRequestAndThoseBehindIt() public {
        buy(calls, call3000, 60e18);
        uint256 all = calls.balanceOf(alice);
        vm.startPrank(alice);
        uint256 first = calls.requestRedeem(all / 2, alice, alice);
        uint256 second = calls.requestRedeem(all / 4, alice, alice);
        vm.stopPrank();
        skip(1 hours);
        refresh();
        calls.process(10);
        IVaultLens.ControllerView memory v =
            vaultLens.controller(address(calls), alice, new uint256[](0), ids(first, second));
        assertEq(uint8(v.redemptions[0].state), uint8(IVaultLens.RequestState.PARTIAL));
        assertEq(v.redemptions[0].pending + v.redemptions[0].claimable, all / 2);
        assertEq(v.redemptions[0].ahead, 0);
        assertEq(uint8(v.redemptions[1].state), uint8(IVaultLens.RequestState.READY));
        assertEq(v.redemptions[1].ahead, 1);
        skip(1 days);
        v = vaultLens.controller(address(calls), alice, new uint256[](0), ids(first, second));
        assertTrue(v.redemptions[1].cancellable, "a day after its notice");
        vm.prank(alice);
        calls.cancelRedeem(second);
        v = vaultLens.controller(address(calls), alice, new uint256[](0), ids(first, second));
        assertEq(uint8(v.redemptions[1].state), uint8(IVaultLens.RequestState.DONE));
    }

    function test_WhatAVaultRefusesToSayIsSaidInItsPlace() public {
        bytes memory refusal = abi.encodeWithSelector(IVaultLens.vault.selector, 7);
        uint256[] memory none;
        vm.mockCallRevert(address(calls), abi.encodeWithSignature("netAssets()"), refusal);
        vm.mockCallRevert(address(calls), abi.encodeWithSignature("convertToAssets(uint256)"), refusal);
        vm.mockCallRevert(address(calls), abi.encodeWithSignature("convertToShares(uint256)"), refusal);
        IVaultLens.VaultView memory v = vaultLens.vault(address(calls));
        assertEq(v.valueError, refusal, "value");
        assertEq(v.shareAtBid + v.shareAtAsk + v.utilisation, 0, "no value");
        assertEq(v.idle, calls.idleAssets(), "the rest stands");
        IVaultLens.ControllerView memory c = vaultLens.controller(address(calls), alice, none, none);
        assertEq(c.valueError, refusal, "controller");
        assertEq(c.shares, calls.balanceOf(alice));
        assertEq(vaultLens.estimateDeposit(address(calls), 1e18).refusal, refusal, "deposit");
        assertEq(vaultLens.estimateRedeem(address(calls), 1e18).refusal, refusal, "redeem");
    }
}
