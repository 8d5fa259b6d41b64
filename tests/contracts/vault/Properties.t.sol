// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice What is true of every quote and every processing, whatever the state.
contract PropertiesTest is VaultFixture {
    uint64[3] private _strikes = [uint64(2700e8), 3000e8, 3300e8];

    /// @dev A vault, one of its series and an amount of 0.01 to 20 contracts.
    function _pick(uint256 seed, uint256 amount) private view returns (IVault vault, SeriesId series, uint256 q) {
        Side side = seed % 2 == 0 ? Side.CALL : Side.PUT;
        vault = side == Side.CALL ? calls : puts;
        series = SeriesIdLib.pack(MARKET, side, seed / 2 % 2 == 0 ? NEAR : FAR, _strikes[seed / 4 % 3]);
        q = bound(amount, 0.01e18, 20e18) / 1e10 * 1e10;
    }

    /// @dev Some trades first, so that the vault is not empty, and a spot away from the strikes.
    function _disturb(uint256 seed) private {
        for (uint256 i; i < 3; ++i) {
            (IVault vault, SeriesId series, uint256 q) = _pick(seed >> (8 * i), bound(seed >> (30 * i), 0.01e18, 8e18));
            buy(vault, series, q);
        }
        moveSpot(bound(seed >> 100, 2800, 3200));
        skip(bound(seed >> 120, 0, 1 hours));
        nextBlock();
    }

    /// @dev The parts of a trade in one block never cost less than the whole, and but for rounding no more. The fee is
    /// min(share of notional, share of premium) of each trade and is left out.
    function testFuzz_splittingNeverPays(uint256 seed, uint256 amount, uint256 part) public {
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        if (q < 0.02e18) q = 0.02e18;
        part = bound(part, 0.01e18, q - 0.01e18) / 1e10 * 1e10;
        uint256 id = vm.snapshotState();
        uint256 whole = _premium(vault, series, q);
        vm.revertToState(id);
        uint256 first = _premium(vault, series, part);
        uint256 second = _premium(vault, series, q - part);
        assertGe(first + second, whole);
        assertLe(first + second, whole + 20);
    }

    function testFuzz_splittingASaleNeverPays(uint256 seed, uint256 amount, uint256 part) public {
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        if (q < 0.02e18) q = 0.02e18;
        part = bound(part, 0.01e18, q - 0.01e18) / 1e10 * 1e10;
        buy(vault, series, q);
        uint256 id = vm.snapshotState();
        uint256 whole = sell(vault, series, q);
        vm.revertToState(id);
        uint256 first = sell(vault, series, part);
        uint256 second = sell(vault, series, q - part);
        assertLe(first + second, whole);
    }

    function _premium(IVault vault, SeriesId series, uint256 q) private returns (uint256) {
        uint256 fee = vault.quoteBuy(series, q).fee;
        return buy(vault, series, q) - fee;
    }

    /// @dev Buying and selling at one state loses at least both half spreads; nor does any other order of trades pay.
    function testFuzz_roundTripsNeverPay(uint256 seed, uint256 amount, uint256 otherAmount) public {
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        (, SeriesId other, uint256 r) = _pick((seed & ~uint256(1)) | (seed % 2) ^ 4, otherAmount);
        if (SeriesId.unwrap(other) >> 104 != SeriesId.unwrap(series) >> 104) other = series;
        uint256 paid = buy(vault, series, q);
        uint256 got;
        // in between another series moves the vega and the locked collateral
        paid += buy(vault, other, r);
        got += sell(vault, series, q);
        got += sell(vault, other, r);
        assertLt(got, paid);
    }

    /// @dev A gift in the Clearinghouse, or tokens sent to the vault, change nothing that anybody is paid by.
    function testFuzz_donationsChangeNothing(uint256 seed, uint128 gift) public {
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, 1e18);
        gift = uint128(bound(gift, 1, 400_000e6));
        (uint256 entering, uint256 leaving) = vault.netAssets();
        uint256 cost = vault.quoteBuy(series, q).total;
        vm.startPrank(bob);
        house.pay(bob, address(calls), address(weth), gift);
        house.pay(bob, address(puts), address(usdc), gift);
        weth.transfer(address(calls), gift);
        usdc.transfer(address(puts), gift);
        vm.stopPrank();
        (uint256 enteringNow, uint256 leavingNow) = vault.netAssets();
        assertEq(enteringNow, entering);
        assertEq(leavingNow, leaving);
        assertEq(vault.quoteBuy(series, q).total, cost);
    }

    /// @dev Neither entering nor leaving takes anything from those who stay: their value per share never falls.
    function testFuzz_processingNeverDilutes(uint256 seed, uint256 deposit, uint256 shares) public {
        _disturb(seed);
        IVault vault = seed % 2 == 0 ? calls : puts;
        uint256 scale = seed % 2 == 0 ? 1 : 1e12;
        deposit = bound(deposit, 1e16, 1000e18) / scale + 1e6;
        shares = bound(shares, 1e18, vault.balanceOf(alice));
        requestDeposit(vault, makeAddr("carol"), deposit);
        vm.prank(alice);
        vault.requestRedeem(shares, alice, alice);
        skip(1 hours);
        refresh();

        (uint256 entering0, uint256 leaving0) = vault.netAssets();
        uint256 supply0 = vault.totalSupply();
        vault.process(1); // the deposit
        (uint256 entering1, uint256 leaving1) = vault.netAssets();
        uint256 supply1 = vault.totalSupply();
        assertEq(entering1, entering0 + deposit);
        assertGe((leaving1 + 1000) * (supply0 + 1000 * scale), (leaving0 + 1000) * (supply1 + 1000 * scale));
        vault.process(1); // the redemption
        (, uint256 leaving2) = vault.netAssets();
        uint256 supply2 = vault.totalSupply();
        assertGe((leaving2 + 1000) * (supply1 + 1000 * scale), (leaving1 + 1000) * (supply2 + 1000 * scale));
    }

    /// @dev The parts of a quote sum to it, the fee is the smaller of its two shares, and the views promise what trades do.
    function testFuzz_quotesAreExact(uint256 seed, uint256 amount) public {
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        IOptionVault.Quote memory quote = vault.quoteBuy(series, q);
        uint256 premium = quote.mark + quote.spread + quote.skew + quote.use + quote.guard + quote.floor;
        assertEq(quote.total, premium + quote.fee);
        bool call = series.side() == Side.CALL;
        uint256 notional = call ? q : (q * quote.spot + 1e18 - 1) / 1e18;
        uint256 unit = call ? 1e18 : 1e30;
        uint256 ofNotional = (notional * 0.0003e18 + unit - 1) / unit;
        uint256 ofPremium = (premium * 0.125e18 + 1e18 - 1) / 1e18;
        assertEq(quote.fee, ofNotional < ofPremium ? ofNotional : ofPremium);
        assertGt(premium, 0);
        uint256 pot = house.feePot(series.bookKey());
        assertEq(buy(vault, series, q), quote.total);
        assertEq(house.feePot(series.bookKey()), pot + quote.fee + premium / 10);

        quote = vault.quoteSell(series, q);
        assertEq(sell(vault, series, q), quote.total);
        assertLe(quote.total, quote.mark);
    }

    /// @dev The ask is never below the mark nor below what the buyer's own edge of the band is worth; it grows with age.
    function testFuzz_theSpreadGrowsWithTheAgeOfTheSlice(uint256 seed, uint256 later) public {
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, 1e18);
        IOptionVault.Quote memory young = vault.quoteBuy(series, q);
        skip(bound(later, 10 minutes, 1 hours + 59 minutes));
        nextBlock();
        IOptionVault.Quote memory old = vault.quoteBuy(series, q);
        assertGt(old.spread, young.spread);
        assertLe(old.mark, young.mark);
    }

    /// @dev Whoever knows the next report gains nothing: buying before it and selling after it, at the most that the
    /// bound lets it move, loses.
    function testFuzz_noProfitFromAReport(uint256 seed, uint256 later, bool up) public {
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, 1e18);
        later = bound(later, 1 minutes, 1 hours + 50 minutes);
        skip(later);
        nextBlock();
        // the wings move 1.14 times as far as the middle with the fixture's skew
        uint256 move = later * 1e18 / 1 days * 85 / 100;
        uint256 next = up ? 0.6e18 + move : 0.6e18 - move;
        if (up) {
            uint256 paid = buy(vault, series, q);
            postVolatility(NEAR, next);
            postVolatility(FAR, next);
            nextBlock();
            assertFalse(oracle.isHalted(MARKET, NEAR));
            assertLt(sell(vault, series, q), paid);
        } else {
            buy(vault, series, q);
            nextBlock();
            uint256 got = sell(vault, series, q);
            postVolatility(NEAR, next);
            postVolatility(FAR, next);
            nextBlock();
            assertGt(buy(vault, series, q), got);
        }
    }

    /// @dev The fee is the smaller of two shares of each trade: parts of a trade whose price grows with its size may be
    /// charged by premium first and by notional later. However it is split, that saves at most a quarter of the fee.
    function testFuzz_splittingSavesAtMostAQuarterOfTheFee(uint256 seed, uint256 amount, uint256 parts) public {
        IOptionVault.Params memory p = calls.params();
        p.skew = uint64(bound(seed >> 128, 0, 10e18));
        calls.setParams(p);
        puts.setParams(_withSkew(puts.params(), p.skew));
        _disturb(seed);
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        parts = bound(parts, 2, 8);
        if (q < 0.01e18 * parts) q = 0.01e18 * parts;
        uint256 whole = vault.quoteBuy(series, q).fee;
        uint256 sum;
        for (uint256 i = parts; i != 0; --i) {
            uint256 part = i == 1 ? q : q / i / 1e10 * 1e10;
            sum += vault.quoteBuy(series, part).fee;
            buy(vault, series, part);
            q -= part;
        }
        assertGe(sum + parts, whole * 3 / 4);
    }

    function _withSkew(IOptionVault.Params memory p, uint64 skew) private pure returns (IOptionVault.Params memory) {
        p.skew = skew;
        return p;
    }

    /// @dev However wide the ask grows, leavers leave behind no more than is locked for a series.
    function test_noSeriesOwesMoreThanItsCollateral() public {
        SeriesId[] memory list = new SeriesId[](1);
        list[0] = SeriesIdLib.pack(MARKET, Side.CALL, START + 365 days, 3000e8);
        markets.listExpiry(MARKET, START + 365 days);
        markets.listSeries(list);
        postVolatility(START + 365 days, 0.6e18);
        IOptionVault.Params memory p = calls.params();
        (p.halfSpread, p.halfSpreadPerDay) = (0.5e18, 10e18);
        calls.setParams(p);
        nextBlock();
        buy(calls, list[0], 1e18);
        // A year's vega is 0.23 base; after five hours the half spread is beyond 2.5.
        skip(5 hours);
        moveSpot(3000);
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertEq(leaving, calls.idleAssets(), "all that is locked counts as owed");
        assertEq(entering, calls.idleAssets() + calls.lockedAssets(), "and to those who enter nothing is");
    }
}
