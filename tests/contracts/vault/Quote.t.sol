// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {IPricing} from "../harness/IPricing.sol";
import {IVault, VaultFixture} from "./VaultFixture.sol";

/// @notice Every part of a quote against the same formula written out plainly here.
contract QuoteTest is VaultFixture {
    struct Prices {
        uint256 spot;
        uint256 mid;
        uint256 ask;
        uint256 bid;
        uint256 vega;
        uint256 half;
    }

    IPricing private _pricing;

    function setUp() public override {
        super.setUp();
        _pricing = IPricing(vm.deployCode("Pricing.sol:Pricing"));
    }

    function _up(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }

    /// @dev Of one contract at a spot, on a slice.
    function _valueAt(SeriesId series, uint256 spot, IVolatilityOracle.Slice memory slice)
        private
        view
        returns (uint256)
    {
        return _pricing.valueOf(spot, series.strikeWad(), series.side(), slice, series.expiry(), vm.getBlockTimestamp());
    }

    /// @dev Per contract, WAD, at the feed's last answer.
    function _prices(SeriesId series) private view returns (Prices memory p) {
        uint40 expiry = series.expiry();
        uint256 time = vm.getBlockTimestamp();
        (p.spot,) = markets.spot(MARKET, expiry);
        IVolatilityOracle.Slice memory newest = oracle.slice(MARKET, expiry);
        (p.mid, p.vega,,) = _pricing.mark(p.spot, series.strikeWad(), series.side(), newest, expiry, time);
        // the fixture's feed deviates by 50 basis points
        uint256 dear = p.spot * 10_050 / 10_000;
        uint256 cheap = p.spot * 9950 / 10_000;
        if (series.side() == Side.PUT) (dear, cheap) = (cheap, dear);
        // carry at the edge of what signers may have moved it by, half a year's a day
        int40 band = int40(uint40(_up(0.5e9 * (time - newest.timestamp), 1 days)));
        if (series.side() == Side.PUT) band = -band;
        newest.carry += band;
        p.ask = _valueAt(series, dear, newest);
        newest.carry -= 2 * band;
        p.bid = _valueAt(series, cheap, newest);
        IVolatilityOracle.Slice memory previous = oracle.previousSlice(MARKET, expiry);
        if (previous.timestamp != 0 && time - newest.timestamp < 300) {
            uint256 older = _valueAt(series, dear, previous);
            if (older > p.ask) p.ask = older;
            older = _valueAt(series, cheap, previous);
            if (older < p.bid) p.bid = older;
        }
        if (p.ask < p.mid) p.ask = p.mid;
        if (p.bid > p.mid) p.bid = p.mid;
        p.half = 0.02e18 + _up(1e18 * (time - newest.timestamp), 1 days);
    }

    function _checkBuy(IVault vault, SeriesId series, uint256 q) private view {
        Prices memory p = _prices(series);
        IOptionVault.Quote memory quote = vault.quoteBuy(series, q);
        bool call = series.side() == Side.CALL;
        uint256 scale = call ? 1 : 1e12;
        uint256 unit = 1e18 * scale;
        uint256 y = _up(q * p.vega, 1e18);
        assertEq(quote.mark, _up(q * p.mid, unit), "mark");
        assertEq(quote.spread, _up(y * p.half, unit), "spread");
        assertEq(quote.guard, _up(q * (p.ask - p.mid), unit), "guard");
        // the block's base: whoever asks for a quote sees it renewed, as each check here starts a block
        (, uint256 a) = vault.netAssets();
        uint256 x = _shortVega(vault);
        assertEq(quote.skew, _up(y * (2 * x + y) * 1e18, 2 * a * scale * unit), "skew");
        uint256 locked = vault.lockedAssets();
        uint256 l = call ? q : _up(q * series.strikeWad(), unit);
        assertEq(quote.collateral, l, "collateral");
        assertEq(quote.use, _up(l * (2 * locked + l) * 0.002e18, 2 * a * 1e18), "use");
        _checkFloor(quote, series, call ? q : _up(q * p.spot, 1e18), unit);
        assertEq(quote.spot, p.spot, "spot");
    }

    /// @dev What the floor adds to the other parts: a rate on the collateral over the time left, and a share of notional.
    function _checkFloor(IOptionVault.Quote memory quote, SeriesId series, uint256 notional, uint256 unit)
        private
        view
    {
        uint256 left = series.expiry() - 1200 - vm.getBlockTimestamp();
        uint256 least = _up(quote.collateral * (0.01e18 * left), 1e18 * 365 days) + _up(notional * 0.0001e18, unit);
        uint256 sum = quote.mark + quote.spread + quote.guard + quote.skew + quote.use;
        assertEq(quote.floor, least > sum ? least - sum : 0, "floor");
    }

    function _checkSell(IVault vault, SeriesId series, uint256 q) private view {
        Prices memory p = _prices(series);
        IOptionVault.Quote memory quote = vault.quoteSell(series, q);
        uint256 unit = series.side() == Side.CALL ? 1e18 : 1e30;
        assertEq(quote.mark, q * p.mid / unit, "mark");
        assertEq(quote.spread, _up(_up(q * p.vega, 1e18) * p.half, unit), "spread");
        assertEq(quote.guard, _up(q * (p.mid - p.bid), unit), "guard");
        uint256 off = quote.spread + quote.guard;
        assertEq(quote.total, quote.mark > off ? quote.mark - off : 0, "total");
    }

    function _shortVega(IVault vault) private view returns (uint256 x) {
        SeriesId[] memory open = vault.openSeries();
        for (uint256 i; i < open.length; ++i) {
            x += _up(vault.written(open[i]) * _prices(open[i]).vega, 1e18);
        }
    }

    /// @dev The leavers' and the newcomers' marks of the whole book.
    function _checkMarks(IVault vault, uint256 scale) private view {
        SeriesId[] memory open = vault.openSeries();
        uint256 owedToLeavers;
        uint256 owedToNewcomers;
        for (uint256 i; i < open.length; ++i) {
            Prices memory p = _prices(open[i]);
            uint256 q = vault.written(open[i]);
            uint256 s = _up(p.vega * p.half, 1e18);
            uint256 locked = open[i].side() == Side.CALL ? q : _up(q * open[i].strikeWad(), 1e18 * scale);
            uint256 owed = _up(q * (p.ask + s), 1e18 * scale);
            owedToLeavers += owed < locked ? owed : locked;
            owedToNewcomers += p.bid > s ? q * (p.bid - s) / (1e18 * scale) : 0;
        }
        uint256 all = vault.idleAssets() + vault.lockedAssets();
        (uint256 entering, uint256 leaving) = vault.netAssets();
        assertEq(leaving, all - owedToLeavers, "leaving");
        assertEq(entering, all - owedToNewcomers, "entering");
    }

    /// @dev Calls and puts, in and out of the money, right after a report (the older slice counts) and later.
    function testFuzz_everyPartIsTheFormula(uint256 seed, uint256 amount, uint256 price, uint256 later, bool again)
        public
    {
        buy(calls, call3000, 10e18);
        buy(calls, call3300, 5e18);
        buy(puts, put3000, 10e18);
        buy(puts, put2700, 5e18);
        moveSpot(bound(price, 2850, 3150));
        if (again) {
            skip(1 hours);
            postVolatility(NEAR, 0.6e18 + seed % 0.03e18);
        }
        skip(bound(later, 0, 50 minutes));
        nextBlock();
        uint256 q = bound(amount, 0.01e18, 5e18) / 1e10 * 1e10;
        SeriesId[4] memory all = [call3000, call3300, put3000, put2700];
        SeriesId series = all[seed % 4];
        IVault vault = seed % 4 < 2 ? calls : puts;
        _checkBuy(vault, series, q);
        _checkSell(vault, series, q);
        _checkMarks(calls, 1);
        _checkMarks(puts, 1e12);
    }

    /// @dev Right after a report that raised volatility the bid is the older slice's; after the window it is not.
    function test_theOlderSliceCountsForAShortWhile() public {
        buy(calls, call3000, 10e18);
        skip(1 hours);
        postVolatility(NEAR, 0.635e18);
        skip(299);
        nextBlock();
        uint256 inside = calls.quoteSell(call3000, 1e18).guard;
        skip(1);
        nextBlock();
        uint256 outside = calls.quoteSell(call3000, 1e18).guard;
        assertGt(inside, outside + calls.quoteSell(call3000, 1e18).mark / 50);
    }

    /// @dev Far out of the money with a tiny mark the floor decides, and nothing is ever free.
    function test_theFloorIsALeastPrice() public {
        IOptionVault.Params memory p = calls.params();
        (p.floor, p.minRate) = (0.05e18, 1e18);
        calls.setParams(p);
        IOptionVault.Quote memory q = calls.quoteBuy(call3300, 1e18);
        uint256 left = NEAR - 1200 - vm.getBlockTimestamp();
        uint256 least = _up(1e18 * (1e18 * left), 1e18 * 365 days) + 0.05e18;
        assertEq(q.total - q.fee, least);
        assertGt(q.floor, 0);
    }

    /// @dev Signers who may move volatility faster than the vault was set for move its half spread with them at once.
    function test_theHalfSpreadFollowsWhatSignersMayMove() public {
        skip(1 hours);
        nextBlock();
        uint256 before = calls.quoteBuy(call3000, 1e18).spread;
        oracle.setBounds(6 hours, 4e18, 0.5e18, 1 days);
        uint256 vega = _prices(call3000).vega;
        uint256 half = 0.02e18 + _up(4e18 * 1 hours, 1 days);
        assertEq(calls.quoteBuy(call3000, 1e18).spread, _up(vega * half, 1e18));
        assertGt(calls.quoteBuy(call3000, 1e18).spread, before);
        // slower signers leave it as it was set
        oracle.setBounds(6 hours, 0.01e18, 0.5e18, 1 days);
        assertEq(calls.quoteBuy(call3000, 1e18).spread, before);
    }

    /// @dev At a half spread of one the spread is the vega itself: a part of a unit of it counts whole, either way.
    function test_aPartOfAUnitOfVegaIsCharged() public {
        buy(calls, call3000, 10e18);
        IOptionVault.Params memory p = calls.params();
        (p.halfSpread, p.halfSpreadPerDay) = (0.5e18, 10e18);
        calls.setParams(p);
        refresh();
        skip(1 days / 20);
        moveSpot(3000);
        nextBlock();
        uint256 vega = _prices(call3000).vega;
        uint256 q = 1e18 + 1e10;
        assertGt(mulmod(q, vega, 1e18), 0, "there is a part");
        assertEq(calls.quoteSell(call3000, q).spread, q * vega / 1e18 + 1, "sell");
        assertEq(calls.quoteBuy(call3000, q).spread, q * vega / 1e18 + 1, "buy");
    }

    /// @dev Leavers paid between two trades of a block are gone from the base: the cap on use holds what is left.
    function test_leaversPaidWithinABlockAreGoneFromTheBase() public {
        vm.prank(alice);
        calls.requestRedeem(60e18, alice, alice);
        skip(1 hours);
        refresh();
        buy(calls, call3000, 0.01e18); // the block's first trade
        uint256 use = calls.quoteBuy(call3000, 10e18).use;
        calls.process(10);
        uint256 left = calls.idleAssets() + calls.lockedAssets();
        assertApproxEqAbs(calls.quoteBuy(call3000, 10e18).use, use * LIQUIDITY / left, use / 1000);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.UtilisationAboveCap.selector, 37.01e18, left));
        calls.buy(call3000, 37e18, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }
}
