// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {IVault} from "../vault/VaultFixture.sol";
import {VaultHandler} from "./VaultHandler.sol";

/// @notice Around the three people of VaultHandler those who wish the vaults ill: traders who split and return, signers
/// who lie, keepers who stop, feeds that jump, roles at the ends of their powers, strangers who reach for what is others'.
abstract contract HostileVaultHandler is VaultHandler {
    /// @dev What roundings and the virtual shares may leave behind, token units.
    uint256 internal constant DUST = 1e6;

    address internal constant STRANGER = address(0xBAD);

    mapping(address vault => IOptionVault.Params) private _usual;

    function setUp() public virtual override {
        super.setUp();
        _usual[address(calls)] = calls.params();
        _usual[address(puts)] = puts.params();
    }

    // --- traders ---

    /// @notice Buys in two parts what was quoted as one, and sells it all back at the same state. Fees apart, the parts
    /// cost no less than the whole, and the way back never pays.
    function doSplitAndReturn(uint256 seed, uint256 amount) external {
        (IVault vault, SeriesId series) = _series(seed);
        amount = bound(amount, 0.02e18, 10e18) / 2e10 * 2e10;
        IOptionVault.Quote memory whole = vault.quoteBuy(series, amount);
        uint256 part = bound(seed >> 128, 0.01e18, amount - 0.01e18) / 1e10 * 1e10;
        (uint256 first, uint256 cost) = _buyFree(vault, series, part);
        (uint256 second, uint256 more) = _buyFree(vault, series, amount - part);
        if (first + second < whole.total - whole.fee) _breaks("splitting paid");
        ++done["split"];
        uint256 proceeds = _sell(bob, vault, series, amount, IOptionVault.Funds.FREE_BALANCE);
        if (proceeds > first + second) _breaks("a round trip paid");
        if (proceeds > cost + more) _breaks("a round trip paid, fees and all");
        ++done["return"];
    }

    function _buyFree(IVault vault, SeriesId series, uint256 amount) private returns (uint256 premium, uint256 cost) {
        uint256 fee = vault.quoteBuy(series, amount).fee;
        cost = _buy(bob, vault, series, amount, IOptionVault.Funds.FREE_BALANCE);
        premium = cost - fee;
    }

    /// @notice Traders who know the price of the settlement nearly: the last hours before an expiry, with fresh prices.
    function doComeLate(uint256 seed, uint256 amount) external {
        (IVault vault, SeriesId series) = _series(seed);
        uint40 expiry = series.expiry();
        uint256 time = expiry - bound(seed >> 16, 1, 3 hours);
        if (vm.getBlockTimestamp() < time) vm.warp(time);
        moveSpot(bound(seed >> 32, 2800, 3200));
        try this.refreshAll() {} catch {}
        amount = bound(amount, 0.01e18, 3e18) / 1e10 * 1e10;
        try this.tradeAs(_who(seed), vault, series, amount) {
            _traded(vault, series);
        } catch {}
        ++done["late"];
    }

    /// @dev Sells what is held, or buys. Apart, so that a refusal undoes no more than itself.
    function tradeAs(address who, IVault vault, SeriesId series, uint256 amount) external {
        bool sells = holding(who, series) >= amount;
        vm.prank(who);
        if (sells) vault.sell(series, amount, 0, who, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        else vault.buy(series, amount, type(uint256).max, who, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    /// @notice Gifts in each way there is: free balance paid to a vault, tokens and options sent to it.
    function doGift(uint256 seed) external {
        IVault vault = _vault(seed);
        TestToken token = TestToken(vault.asset());
        uint256 idle = vault.idleAssets();
        (uint256 entering, uint256 leaving) = vault.netAssets();
        uint256 assets = bound(seed >> 8, 1, 1e6);
        if (free(bob, address(token)) >= assets) {
            vm.prank(bob);
            house.pay(bob, address(vault), address(token), assets);
        }
        token.mint(address(vault), assets);
        token.mint(address(house), assets);
        (uint256 enteringNow, uint256 leavingNow) = vault.netAssets();
        if (vault.idleAssets() != idle || enteringNow != entering || leavingNow != leaving) {
            _breaks("a gift changed what a vault is worth");
        }
        ++done["gift"];
    }

    // --- keepers and feeds ---

    /// @notice Two signers who collude post whatever they like. What moves too far is clipped and halts the expiry.
    function doLie(uint256 seed) external {
        nextBlock();
        skip(bound(seed >> 8, 1, 1 hours));
        uint40 expiry = seed % 2 == 0 ? NEAR : FAR;
        postVolatility(expiry, bound(seed >> 32, 0.06e18, 4e18));
        ++done["lie"];
    }

    /// @notice Nobody posts anything for up to a day. The feed's last round stays in force.
    function doStall(uint256 seed) external {
        nextBlock();
        uint256 until = vm.getBlockTimestamp() + bound(seed >> 8, 1, 1 days);
        _passExpiry(NEAR, until);
        _passExpiry(FAR, until);
        if (until > vm.getBlockTimestamp()) vm.warp(until);
        ++done["stall"];
    }

    /// @notice The feed says what no price can be, or leaps, or starts a new phase. Only away from an expiry's window:
    /// what settles there is another campaign's subject.
    function doJump(uint256 seed) external {
        nextBlock();
        uint256 kind = seed % 6;
        if (kind == 0) feed.post(0);
        else if (kind == 1) feed.post(-3000e8);
        else if (kind == 2) feed.post(30_000e8);
        else if (kind == 3) feed.post(300e8);
        else if (kind == 4) feed.post(int256(uint256(type(uint120).max)));
        else feed.post(int256(bound(seed >> 8, 1000e8, 9000e8)));
        ++done["jump"];
    }

    /// @notice The feed is gone for good, in few of the runs: no code, or code that refuses everything.
    function doKillFeed(uint256 seed) external {
        if (seed % 16 != 0) return;
        if (!_dead) {
            // Its last word may be kept.
            try markets.checkpoint(MARKET, FAR) {} catch {}
        }
        vm.etch(address(feed), seed / 16 % 2 == 0 ? bytes("") : bytes(hex"5f5ffd"));
        _dead = true;
        ++done["killFeed"];
    }

    /// @notice Anybody notes that a feed cannot be read, or that it can.
    function doNoteOutage(uint256 seed) external {
        pricer.noteOutage(MARKET, seed % 2 == 0 ? NEAR : FAR);
        ++done["noteOutage"];
    }

    /// @dev Where a warp would leave an expiry behind, the feed speaks once at the opening of its window, so that the
    /// expiry can be settled by proof.
    function _passExpiry(uint40 expiry, uint256 until) private {
        uint256 now_ = vm.getBlockTimestamp();
        if (_dead || now_ > expiry || until + 1 hours < expiry) return;
        if (now_ < expiry - 30 minutes) vm.warp(expiry - 30 minutes);
        moveSpot(3000);
    }

    // --- roles ---

    /// @notice Roles use their powers to the end, inside the bounds that the code fixes.
    function doAbuseRoles(uint256 seed) external {
        IVault vault = _vault(seed);
        uint256 kind = seed / 2 % 12;
        if (kind > 5) _relent(vault);
        else if (kind == 0) vault.setTradesPaused(seed / 16 % 3 == 0);
        else if (kind == 1) vault.setDepositsPaused(seed / 16 % 3 == 0);
        else if (kind == 2) vault.setParams(_extreme(vault, seed >> 16));
        else if (kind == 3) vault.setFees(IOptionVault.Fees(0.005e18, 0.2e18, 0.3e18));
        else if (kind == 4) house.setWritesPaused(seed / 16 % 3 == 0);
        else oracle.setBounds(seed / 16 % 2 == 0 ? 1 days : 1 hours, 1e18, 2e18, 2 days);
        ++done["abuseRoles"];
    }

    /// @dev Now and then all is well again, so that the market is alive in most of a run.
    function _relent(IVault vault) private {
        vault.setTradesPaused(false);
        vault.setDepositsPaused(false);
        vault.setParams(_usual[address(vault)]);
        house.setWritesPaused(false);
        oracle.setBounds(6 hours, 1e18, 0.5e18, 1 days);
    }

    function _extreme(IVault vault, uint256 seed) private view returns (IOptionVault.Params memory p) {
        p = vault.params();
        p.halfSpread = seed % 2 == 0 ? 0.001e18 : 0.5e18;
        p.halfSpreadPerDay = seed / 2 % 2 == 0 ? 1e18 : 10e18;
        p.skew = seed / 4 % 2 == 0 ? 0 : 10e18;
        p.use = seed / 8 % 2 == 0 ? 0 : 1e18;
        p.minRate = seed / 16 % 2 == 0 ? 0 : 1e18;
        p.floor = seed / 32 % 2 == 0 ? 0 : 0.05e18;
        p.minAbsDelta = 0;
        p.maxAbsDelta = 1e18;
        p.maxUtilisation = seed / 64 % 2 == 0 ? 1e18 : 0.5e18;
        p.minAmount = 1e10;
        p.guardWindow = seed / 128 % 2 == 0 ? 0 : 1 days;
        p.noticeSeconds = seed / 256 % 2 == 0 ? 5 minutes : 7 days;
        p.depositCap = seed / 512 % 4 == 0 ? 0 : type(uint128).max;
        p.minRequest = seed / 2048 % 4 == 0 ? type(uint128).max : 1;
    }

    /// @notice Somebody without any right reaches for what is others', or for what roles may do.
    function doOverreach(uint256 seed) external {
        IVault vault = _vault(seed);
        address victim = _who(seed);
        uint256 kind = seed / 64 % 9;
        bytes memory data;
        if (kind == 0) data = abi.encodeCall(vault.requestRedeem, (vault.balanceOf(victim), STRANGER, victim));
        else if (kind == 1) data = abi.encodeCall(vault.redeem, (1, STRANGER, victim));
        else if (kind == 2) data = abi.encodeWithSignature("deposit(uint256,address,address)", 1, STRANGER, victim);
        else if (kind == 3) data = abi.encodeCall(vault.cancelDeposit, (_lastDeposit[address(vault)]));
        else if (kind == 4) data = abi.encodeCall(vault.cancelRedeem, (_lastRedeem[address(vault)]));
        else if (kind == 5) data = abi.encodeCall(vault.setParams, (vault.params()));
        else if (kind == 6) data = abi.encodeCall(vault.setTradesPaused, (true));
        else if (kind == 7) data = abi.encodeCall(vault.requestDeposit, (1e18, STRANGER, victim));
        else data = abi.encodeCall(vault.transferFrom, (victim, STRANGER, 1));
        vm.prank(STRANGER);
        (bool ok,) = address(vault).call(data);
        if (ok) _breaks("a stranger could do what needs a right");
        ++done["overreach"];
    }

    // --- the end ---

    function _everybodyAsksToLeave(IVault vault) internal {
        for (uint256 i; i < PEOPLE; ++i) {
            _askToLeave(vault, _people[i]);
        }
    }

    function _askToLeave(IVault vault, address who) internal {
        _claimAll(vault, who);
        uint256 shares = vault.balanceOf(who);
        if (shares == 0) return;
        vm.prank(who);
        vault.requestRedeem(shares, who, who);
    }

    function _claimAll(IVault vault, address who) internal {
        uint256 assets = vault.maxDeposit(who);
        uint256 shares = vault.maxMint(who);
        if (assets != 0) {
            vm.prank(who);
            vault.deposit(assets, who, who);
        } else if (shares != 0) {
            vm.prank(who);
            vault.mint(shares, who, who);
        }
        shares = vault.maxRedeem(who);
        assets = vault.maxWithdraw(who);
        if (shares != 0) {
            vm.prank(who);
            vault.redeem(shares, who, who);
        } else if (assets != 0) {
            vm.prank(who);
            vault.withdraw(assets, who, who);
        }
    }

    /// @dev A guardian pauses all that can be paused, for good, and no keeper posts any more.
    function _shutEverything() internal {
        house.setWritesPaused(true);
        calls.setTradesPaused(true);
        calls.setDepositsPaused(true);
        puts.setTradesPaused(true);
        puts.setDepositsPaused(true);
    }

    /// @dev Whoever comes first settles: at the rounds of the window where there are any, else at the last checkpoint.
    function _settleByAnybody(uint40 expiry) internal {
        (uint256 price,) = markets.settlement(MARKET, expiry);
        if (price != 0) return;
        uint256 now_ = vm.getBlockTimestamp();
        if (_dead) {
            if (now_ < expiry + 8 days) vm.warp(expiry + 8 days);
            markets.settleAtCheckpoint(MARKET, expiry);
        } else {
            vm.warp(expiry - 30 minutes);
            moveSpot(3100);
            vm.warp(now_ > expiry + 60 ? now_ : expiry + 60);
            _settleIfExpired(expiry);
        }
        (price,) = markets.settlement(MARKET, expiry);
        assertGt(price, 0, "anybody can settle");
    }

    /// @dev Cancels deposits that wait and serves the redemptions to the last.
    function _processAll(IVault vault) internal {
        for (uint256 id = 1; id <= _lastDeposit[address(vault)]; ++id) {
            for (uint256 i; i < PEOPLE; ++i) {
                if (vault.pendingDepositRequest(id, _people[i]) == 0) continue;
                vm.prank(_people[i]);
                vault.cancelDeposit(id);
            }
        }
        (, uint256 pendingShares,,) = vault.queueTotals();
        for (uint256 i; i < 64 && pendingShares != 0; ++i) {
            if (!_tryProcess(vault)) return;
            (, pendingShares,,) = vault.queueTotals();
        }
    }

    /// @dev Refused only where nothing is left to be paid: shares of nothing wait for ever, which costs nobody anything.
    function _tryProcess(IVault vault) private returns (bool processed) {
        try vault.process(64) {
            return true;
        } catch {
            assertEq(vault.idleAssets() + vault.lockedAssets(), 0, "whoever leaves is paid while there is anything");
        }
    }

    function _collectEverything(IVault vault, address who) internal {
        _askToLeave(vault, who);
        if (vault.balanceOf(who) != 0) return;
        (, uint256 pendingShares,,) = vault.queueTotals();
        if (pendingShares != 0) {
            // Shares of a deposit that was claimed late wait their notice too.
            skip(7 days);
            _tryProcess(vault);
        }
        _claimAll(vault, who);
    }

    function _everyLongIsRedeemed(IVault vault) internal {
        Side side = vault.side();
        uint64[5] memory strikes = [uint64(2400e8), 2700e8, 3000e8, 3300e8, 3900e8];
        for (uint256 s; s < 10; ++s) {
            SeriesId series = SeriesIdLib.pack(MARKET, side, s < 5 ? NEAR : FAR, strikes[s % 5]);
            for (uint256 i; i < PEOPLE; ++i) {
                uint256 held = holding(_people[i], series);
                if (held == 0) continue;
                vm.prank(_people[i]);
                house.redeem(series, held, _people[i]);
            }
        }
    }
}
