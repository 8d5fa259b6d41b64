// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault} from "../vault/VaultFixture.sol";
import {HostileVaultHandler} from "./HostileVaultHandler.sol";

/// @notice What must always hold of the vaults, in any order of trades, requests, processing, reports, prices and roles.
contract VaultInvariants is HostileVaultHandler {
    function setUp() public override {
        super.setUp();
        targetHandler(address(this), _selectors());
    }

    function _selectors() private pure returns (bytes4[] memory s) {
        s = new bytes4[](19);
        s[0] = this.doBuy.selector;
        s[1] = this.doSell.selector;
        s[2] = this.doRequestDeposit.selector;
        s[3] = this.doRequestRedeem.selector;
        s[4] = this.doProcess.selector;
        s[5] = this.doClaim.selector;
        s[6] = this.doCancel.selector;
        s[7] = this.doMove.selector;
        s[8] = this.doMoveAndProcess.selector;
        s[9] = this.doGift.selector;
        s[10] = this.doSplitAndReturn.selector;
        s[11] = this.doLie.selector;
        s[12] = this.doStall.selector;
        s[13] = this.doJump.selector;
        s[14] = this.doAbuseRoles.selector;
        s[15] = this.doOverreach.selector;
        s[16] = this.doComeLate.selector;
        s[17] = this.doKillFeed.selector;
        s[18] = this.doNoteOutage.selector;
    }

    /// @dev The invariants are worth what the calls reach.
    function test_TheCallsReachEverything() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < 1200; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            // Days pass late in this run, so that there is time for what comes before an expiry.
            bytes4 selector = selectors[seed % 19];
            if ((selector == this.doStall.selector || selector == this.doComeLate.selector) && i < 700) continue;
            // A feed that is gone has a test of its own.
            if (selector == this.doKillFeed.selector) continue;
            // More words than any call takes: what is over is not read.
            (bool ok,) = address(this).call(abi.encodePacked(selector, seed >> 16, seed >> 64));
            ok;
        }
        bytes32[18] memory names = [
            bytes32("buy"),
            "sell",
            "requestDeposit",
            "requestRedeem",
            "process",
            "claim",
            "cancel",
            "settle",
            "gift",
            "split",
            "return",
            "lie",
            "stall",
            "jump",
            "abuseRoles",
            "overreach",
            "late",
            "noteOutage"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(done[names[i]], 0, string(abi.encodePacked(names[i])));
        }
        invariant_TheVaultsOweNobodyMoreThanTheyHave();
        afterInvariant();
    }

    /// @dev With open series of both expiries and requests that wait, the feed goes for good: everybody gets out.
    function test_AFeedThatIsGoneKeepsNobodyIn() public {
        for (uint256 i; i < 8; ++i) {
            (bool ok,) = address(this).call(abi.encodeCall(this.doBuy, (i, 2e18)));
            ok;
        }
        this.doRequestRedeem(0, 10e18);
        this.doRequestDeposit(1, 9000e6);
        this.doKillFeed(16);
        invariant_TheVaultsOweNobodyMoreThanTheyHave();
        afterInvariant();
        assertEq(done["killFeed"], 1, "the feed is gone");
    }

    /// @notice Solvency: what a vault has booked is there, what it has locked is its legs' collateral. Conservation:
    /// shares sum to the supply; processing takes nothing from those who stay; quotes promise exactly what trades give.
    /// Pricing: splitting and round trips never pay; marks lie within what is locked, enter above leave, and never fail
    /// for a missing price. Life cycle: no trade after the cutoff, or while paused. A gift changes nothing.
    function invariant_TheVaultsOweNobodyMoreThanTheyHave() public view {
        assertEq(broken, "", "no call does what it must not");
        _look(calls, address(weth), 1);
        _look(puts, address(usdc), 1e12);
    }

    function _look(IVault vault, address token, uint256 scale) private view {
        (uint256 pendingAssets, uint256 pendingShares, uint256 claimableAssets, uint256 claimableShares) =
            vault.queueTotals();
        uint256 idle = vault.idleAssets();
        assertGe(
            free(address(vault), token), idle + pendingAssets + claimableAssets, "what the vault has booked is there"
        );

        SeriesId[] memory open = vault.openSeries();
        uint256 locked;
        for (uint256 i; i < open.length; ++i) {
            uint256 amount = vault.written(open[i]);
            assertGt(amount, 0, "no open series of nothing");
            locked += open[i].side() == Side.CALL
                ? amount
                : (amount * open[i].strikeWad() + 1e18 * scale - 1) / (1e18 * scale);
            assertEq(holding(address(vault), open[i]), 0, "the vault holds no option");
        }
        assertEq(vault.lockedAssets(), locked, "what is locked is the legs' collateral");

        uint256 shares = vault.balanceOf(address(vault));
        assertEq(shares, pendingShares + claimableShares, "shares in escrow are waiting or unclaimed");
        for (uint256 i; i < PEOPLE; ++i) {
            shares += vault.balanceOf(_people[i]);
        }
        assertEq(shares, vault.totalSupply(), "shares sum to the supply");

        (uint256 entering, uint256 leaving) = vault.netAssets();
        assertLe(entering, idle + locked, "no mark above what there is");
        assertGe(entering, leaving, "whoever enters pays no less than whoever leaves gets");
        assertGe(leaving, idle, "no series owes more than it has locked");
    }

    /// @notice Liveness: with the keeper dead, everything paused that can be, and the notice as long as it can be, everybody
    /// gets out: requests are cancelled or processed, every long is redeemed, every series released, and what is left is
    /// what nobody owns.
    function afterInvariant() public {
        _everybodyAsksToLeave(calls);
        _everybodyAsksToLeave(puts);
        _shutEverything();
        skip(8 days);
        _settleByAnybody(NEAR);
        _deadKeeperLocksNobodyIn(calls);
        _deadKeeperLocksNobodyIn(puts);
        if (vm.getBlockTimestamp() < FAR) vm.warp(FAR);
        _settleByAnybody(FAR);
        _everybodyIsOut(calls, address(weth));
        _everybodyIsOut(puts, address(usdc));
    }

    /// @dev A head of the queue whose notice is over is paid what is idle, prices or not, unless an expiry that the vault
    /// holds is past its cutoff and unsettled. The last shares, a thousand times the virtual ones, are kept without prices.
    function _deadKeeperLocksNobodyIn(IVault vault) private {
        uint256 cutoff = uint256(FAR) - 30 minutes - 2 hours;
        if (vm.getBlockTimestamp() >= cutoff) return;
        (, uint256 pendingShares,,) = vault.queueTotals();
        if (pendingShares == 0) return;
        uint256 kept = 1e6 * vault.scale();
        uint256 idle = vault.idleAssets();
        try vault.process(64) {}
        catch {
            assertLe(idle, DUST + vault.convertToAssets(kept), "a dead keeper locks nobody in");
        }
        (, pendingShares,,) = vault.queueTotals();
        if (pendingShares != 0) {
            assertLe(vault.idleAssets(), DUST + vault.convertToAssets(kept), "all that is idle is paid");
        }
        _noteForsaken(vault);
    }

    function _everybodyIsOut(IVault vault, address token) private {
        SeriesId[] memory open = vault.openSeries();
        for (uint256 i; i < open.length; ++i) {
            vault.release(open[i]);
        }
        _processAll(vault);
        for (uint256 i; i < PEOPLE; ++i) {
            _collectEverything(vault, _people[i]);
            assertEq(vault.balanceOf(_people[i]), 0, "nobody is left with shares");
        }
        // What remains of requests and shares is worth nothing.
        if (vault.idleAssets() + vault.lockedAssets() == 0) return _everyLongIsRedeemed(vault);
        (uint256 pendingAssets, uint256 pendingShares, uint256 claimableAssets, uint256 claimableShares) =
            vault.queueTotals();
        assertEq(pendingAssets + pendingShares + claimableAssets + claimableShares, 0, "no request is left");
        assertEq(vault.totalSupply(), 0, "no share is left");
        assertEq(vault.lockedAssets(), 0, "nothing is locked");
        if (!_forsaken[address(vault)]) assertLe(vault.idleAssets(), DUST, "only what nobody owns is left");
        assertGe(free(address(vault), token), vault.idleAssets(), "and it is there");
        _everyLongIsRedeemed(vault);
    }
}
