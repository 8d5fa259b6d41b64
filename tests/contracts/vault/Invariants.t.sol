// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice Any order of trades, requests, processing, gifts, time and prices over both vaults.
contract InvariantsTest is VaultFixture {
    address[3] private _people;

    function setUp() public override {
        super.setUp();
        _people = [alice, bob, makeAddr("carol")];
        _fund(_people[0]);
        _fund(_people[2]);
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = this.doBuy.selector;
        selectors[1] = this.doSell.selector;
        selectors[2] = this.doRequestDeposit.selector;
        selectors[3] = this.doRequestRedeem.selector;
        selectors[4] = this.doProcess.selector;
        selectors[5] = this.doClaim.selector;
        selectors[6] = this.doMove.selector;
        selectors[7] = this.doGift.selector;
        targetHandler(address(this), selectors);
    }

    function _series(uint256 seed) private view returns (IVault vault, SeriesId series) {
        SeriesId[4] memory all = [call3000, call3300, put3000, put2700];
        series = all[seed % 4];
        vault = seed % 4 < 2 ? calls : puts;
        if (seed / 4 % 2 == 1) series = SeriesId.wrap(SeriesId.unwrap(series) + (uint256(FAR - NEAR) << 64));
    }

    function doBuy(uint256 seed, uint256 amount) external {
        (IVault vault, SeriesId series) = _series(seed);
        amount = bound(amount, 0.01e18, 30e18) / 1e10 * 1e10;
        vm.prank(_people[seed / 8 % 3]);
        try vault.buy(
            series,
            amount,
            type(uint256).max,
            _people[seed / 8 % 3],
            type(uint256).max,
            IOptionVault.Funds(seed / 24 % 2)
        ) {}
            catch {}
    }

    function doSell(uint256 seed, uint256 amount) external {
        (IVault vault, SeriesId series) = _series(seed);
        address who = _people[seed / 8 % 3];
        uint256 held = holding(who, series);
        if (held < 0.01e18) return;
        amount = bound(amount, 0.01e18, held) / 1e10 * 1e10;
        vm.prank(who);
        try vault.sell(series, amount, 0, who, type(uint256).max, IOptionVault.Funds(seed / 24 % 2)) {} catch {}
    }

    function doRequestDeposit(uint256 seed, uint256 assets) external {
        IVault vault = seed % 2 == 0 ? calls : puts;
        requestDeposit(vault, _people[seed / 2 % 3], bound(assets, 1e16, 50e18) / (seed % 2 == 0 ? 1 : 1e11) + 1e6);
    }

    function doRequestRedeem(uint256 seed, uint256 shares) external {
        IVault vault = seed % 2 == 0 ? calls : puts;
        address who = _people[seed / 2 % 3];
        uint256 held = vault.balanceOf(who);
        if (held < 1e18) return;
        vm.prank(who);
        vault.requestRedeem(bound(shares, 1e18, held), who, who);
    }

    function doProcess(uint256 seed) external {
        try (seed % 2 == 0 ? calls : puts).process(bound(seed, 1, 5)) {} catch {}
    }

    function doClaim(uint256 seed) external {
        IVault vault = seed % 2 == 0 ? calls : puts;
        address who = _people[seed / 2 % 3];
        vm.startPrank(who);
        uint256 assets = vault.maxDeposit(who);
        if (assets != 0) vault.deposit(seed % 7 == 0 ? assets : assets / 2, who, who);
        uint256 shares = vault.maxRedeem(who);
        if (shares != 0) vault.redeem(seed % 5 == 0 ? shares : shares / 2, who, who);
        vm.stopPrank();
    }

    function doMove(uint256 seed) external {
        skip(bound(seed >> 16, 1, 5 hours));
        moveSpot(bound(seed >> 32, 2500, 3600));
        refresh();
        if (vm.getBlockTimestamp() > NEAR && markets.isExpiryListed(MARKET, NEAR)) {
            (uint256 price,) = markets.settlement(MARKET, NEAR);
            if (price == 0) _settleNear();
        }
    }

    /// @dev The last round at or before expiry is found as a keeper would.
    function _settleNear() private {
        (uint80 id,,, uint256 updatedAt,) = feed.latestRoundData();
        while (updatedAt > NEAR) {
            (,,, updatedAt,) = feed.getRoundData(--id);
        }
        try markets.settle(MARKET, NEAR, id) {} catch {}
    }

    function doGift(uint256 seed) external {
        vm.startPrank(bob);
        if (free(bob, address(weth)) > 1e15) house.pay(bob, address(calls), address(weth), 1e15);
        weth.transfer(address(calls), bound(seed, 1, 1e15));
        vm.stopPrank();
    }

    // --- what must always hold ---

    function _check(IVault vault, address token) private view {
        // what is booked is there
        assertGe(free(address(vault), token), booked(vault));
        // what is locked is the sum of the legs' collateral, as the Clearinghouse has it
        SeriesId[] memory open = vault.openSeries();
        uint256 locked;
        uint256 scale = 10 ** (18 - (token == address(weth) ? 18 : 6));
        for (uint256 i; i < open.length; ++i) {
            uint256 amount = vault.written(open[i]);
            assertGt(amount, 0);
            locked += open[i].side() == Side.CALL
                ? amount
                : (amount * open[i].strikeWad() + 1e18 * scale - 1) / (1e18 * scale);
        }
        assertEq(vault.lockedAssets(), locked);
        // shares are conserved
        uint256 shares = vault.balanceOf(address(vault));
        (, uint256 pendingShares,, uint256 claimableShares) = vault.queueTotals();
        assertEq(shares, pendingShares + claimableShares);
        for (uint256 i; i < 3; ++i) {
            shares += vault.balanceOf(_people[i]);
        }
        assertEq(shares, vault.totalSupply());
        // marks never say more than there is, nor less for those who enter than for those who leave
        (uint256 entering, uint256 leaving) = vault.netAssets();
        assertLe(entering, vault.idleAssets() + locked);
        assertGe(entering, leaving);
        assertGe(leaving, vault.idleAssets());
    }

    function invariant_calls() public view {
        _check(calls, address(weth));
    }

    function invariant_puts() public view {
        _check(puts, address(usdc));
    }
}
