// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice Trading around what is about to become known: a round of the feed, a report of the signers, a processing.
contract SandwichTest is VaultFixture {
    /// @dev 27, 30 and 33 hundred, near and far, calls and puts; 0.01 to 20 contracts.
    function _pick(uint256 seed, uint256 amount) private view returns (IVault vault, SeriesId series, uint256 q) {
        Side side = seed % 2 == 0 ? Side.CALL : Side.PUT;
        vault = side == Side.CALL ? calls : puts;
        uint64 strike = uint64(2700e8 + (seed / 4 % 3) * 300e8);
        series = SeriesIdLib.pack(MARKET, side, seed / 2 % 2 == 0 ? NEAR : FAR, strike);
        q = bound(amount, 0.01e18, 20e18) / 1e10 * 1e10;
    }

    /// @dev A round moves by no more than the feed's threshold before it is posted; the band on spot is as wide. Whoever
    /// knows the next round and trades on both sides of it loses, in one block or in two.
    function testFuzz_aRoundWithinTheThreshold(uint256 seed, uint256 amount, uint256 move, bool up, bool later) public {
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        move = bound(move, 0, 15e8); // 50 basis points of 3000
        uint256 paid = buy(vault, series, q);
        feed.post(int256(up ? 3000e8 + move : 3000e8 - move));
        if (later) nextBlock();
        assertLt(sell(vault, series, q), paid);
    }

    /// @dev Selling first and buying back after the round gains nothing either.
    function testFuzz_aRoundSoldAhead(uint256 seed, uint256 amount, uint256 move, bool up) public {
        (IVault vault, SeriesId series, uint256 q) = _pick(seed, amount);
        move = bound(move, 0, 15e8);
        buy(vault, series, q);
        nextBlock();
        uint256 got = sell(vault, series, q);
        feed.post(int256(up ? 3000e8 + move : 3000e8 - move));
        nextBlock();
        assertLt(got, buy(vault, series, q));
    }

    /// @dev Two reports that were both signed before either was posted: the older slice that then counts is the first of
    /// them, but the spread of the purchase had grown by all that both could move.
    function testFuzz_twoReportsAtOnce(uint256 seed, uint256 amount, uint256 age) public {
        (IVault vault, SeriesId series, uint256 q) = _pick(seed & ~uint256(2), amount);
        age = bound(age, 10 minutes, 110 minutes);
        skip(age - 60);
        nextBlock();
        uint256 paid = buy(vault, series, q);
        skip(30);
        postVolatility(NEAR, 0.6e18 + (age - 30) * 0.8e18 / 1 days);
        skip(30);
        postVolatility(NEAR, 0.6e18 + age * 0.8e18 / 1 days);
        assertFalse(oracle.isHalted(MARKET, NEAR));
        nextBlock();
        assertLt(sell(vault, series, q), paid);
    }

    /// @dev A report held back and posted late: its slice comes with the spread of its age.
    function test_aReportHeldBackIsOldWhenItComes() public {
        uint256 signed = vm.getBlockTimestamp() + 1 minutes;
        skip(1 hours);
        nextBlock();
        IOptionVault.Quote memory before = calls.quoteBuy(call3000, 1e18);
        uint256 paid = buy(calls, call3000, 1e18);
        // the same report, dated when it was signed
        _postDated(signed, 0.6e18 + 0.0006e18);
        nextBlock();
        assertLt(sell(calls, call3000, 1e18), paid);
        IOptionVault.Quote memory late = calls.quoteBuy(call3000, 1e18);
        assertApproxEqRel(late.spread, before.spread, 0.02e18);
    }

    function _postDated(uint256 time, uint256 volatility) private {
        IVolatilityOracle.SurfaceReport memory r = _report(time, volatility);
        oracle.post(r, sign(r, 2));
    }

    function _report(uint256 time, uint256 volatility) private pure returns (IVolatilityOracle.SurfaceReport memory) {
        return report(time, sliceReport(NEAR, volatility, time));
    }

    /// @dev A depositor who knows the next round enters at the bid and is worth the ask after it: within the feed's
    /// threshold nobody is richer for the timing.
    function testFuzz_aDepositAheadOfARound(uint256 assets, uint256 written, uint256 move, bool up) public {
        buy(calls, call3000, bound(written, 1e18, 80e18) / 1e10 * 1e10);
        address carol = makeAddr("carol");
        assets = bound(assets, 1e15, 1000e18);
        requestDeposit(calls, carol, assets);
        skip(1 hours);
        refresh();
        calls.process(1);
        uint256 shares = calls.maxMint(carol);
        move = bound(move, 0, 15e8);
        feed.post(int256(up ? 3000e8 + move : 3000e8 - move));
        nextBlock();
        assertLe(calls.convertToAssets(shares), assets);
    }

    /// @dev A leaver who chooses the block of the processing is paid no more than what was left behind is worth at the
    /// other side of a round.
    function testFuzz_aLeaverAheadOfARound(uint256 shares, uint256 written, uint256 move, bool up) public {
        buy(calls, call3000, bound(written, 1e18, 40e18) / 1e10 * 1e10);
        shares = bound(shares, 1e15, 50e18);
        vm.prank(alice);
        calls.requestRedeem(shares, alice, alice);
        skip(1 hours);
        refresh();
        uint256 supply = calls.totalSupply();
        calls.process(1);
        uint256 paid = calls.maxWithdraw(alice);
        move = bound(move, 0, 15e8);
        feed.post(int256(up ? 3000e8 + move : 3000e8 - move));
        nextBlock();
        (uint256 entering,) = calls.netAssets();
        // what the same shares would cost to buy again
        assertLe(paid, shares * (entering + paid + 1000) / (supply + 1000) + 1);
    }

    /// @dev Before a settlement is on chain nobody enters or leaves, whoever knows the price already.
    function test_nobodyEntersOrLeavesBetweenTheCutoffAndTheSettlement() public {
        buy(calls, call3000, 50e18);
        address carol = makeAddr("carol");
        requestDeposit(calls, carol, 100e18);
        vm.prank(alice);
        calls.requestRedeem(50e18, alice, alice);
        skip(1 hours);
        vm.warp(NEAR - 150 minutes);
        refresh();
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ProcessingCutoff.selector, NEAR));
        calls.process(2);
        settle(NEAR, 3900);
        // the settlement's price is in the ledger before the first of them is served
        (uint256 entering, uint256 leaving) = calls.netAssets();
        assertEq(entering, leaving);
        assertEq(calls.process(2), 2);
        assertLe(calls.convertToAssets(calls.maxMint(carol)), 100e18);
        assertLt(calls.maxWithdraw(alice), 50e18); // the loss is shared
    }

    /// @dev Carry too may be moved by the next report. Whoever knows one that takes carry and volatility as far as the bound
    /// lets it, on an option of half a year, deep in the money, and waits until the older slice no longer counts, loses.
    function test_aReportOfCarryOnALongOption() public {
        uint40 long = START + 182 days;
        markets.listExpiry(MARKET, long);
        SeriesId[] memory list = new SeriesId[](2);
        list[0] = SeriesIdLib.pack(MARKET, Side.CALL, long, 1500e8);
        list[1] = SeriesIdLib.pack(MARKET, Side.PUT, long, 5400e8);
        markets.listSeries(list);
        refresh();
        postVolatility(long, 0.6e18);
        uint256[3] memory ages = [uint256(10 minutes), 1 hours, 5 hours];
        for (uint256 i; i < 6; ++i) {
            uint256 id = vm.snapshotState();
            _aroundCarry(i % 2 == 0 ? calls : puts, list[i % 2], ages[i / 2]);
            vm.revertToState(id);
        }
    }

    function _aroundCarry(IVault vault, SeriesId series, uint256 age) private {
        skip(age);
        moveSpot(3000);
        nextBlock();
        uint256 paid = buy(vault, series, 1e18);
        IVolatilityOracle.SliceReport memory r =
            sliceReport(series.expiry(), 0.6e18 + age * 0.85e18 / 1 days, vm.getBlockTimestamp());
        int40 move = int40(uint40(age * 0.5e9 / 1 days));
        r.carry += series.side() == Side.CALL ? move : -move;
        post(r);
        assertFalse(oracle.isHalted(MARKET, series.expiry()));
        skip(301);
        nextBlock();
        assertLt(sell(vault, series, 1e18), paid);
    }
}
