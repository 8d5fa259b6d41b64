// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {IChainLens} from "../../../contracts/interfaces/lens/IChainLens.sol";
import {Black76} from "../../../contracts/libraries/Black76.sol";
import {Greeks} from "../../../contracts/libraries/Greeks.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {Bomb, GasEater, LensFixture} from "./LensFixture.sol";

contract ChainLensTest is LensFixture {
    function errorOf(bytes memory reason) private pure returns (bytes4) {
        return bytes4(reason);
    }

    // --- what cannot be read ---

    function test_CarriesTheFeedsErrorAndGoesOn() public {
        skip(3 hours);
        (,,, uint256 updatedAt,) = feed.latestRoundData();
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        assertEq(v.spotError, abi.encodeWithSelector(IMarkets.StalePrice.selector, updatedAt, 2 hours));
        assertEq(v.spot, 0);
        assertEq(v.series.length, 10, "series");
        assertEq(v.series[0].markError, v.spotError, "mark");
        assertEq(v.series[0].mark.value, 0);
        assertTrue(v.series[0].askError.length != 0, "ask");
    }

    function test_CarriesAStaleSlicesErrorBesideASpot() public {
        uint40 stamp = oracle.slice(MARKET, NEAR).timestamp;
        skip(oracle.heartbeat() + 1);
        feed.post(3000e8);
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        bytes memory stale = abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, MARKET, NEAR, stamp);
        assertEq(v.sliceError, stale);
        assertEq(v.spot, 3000e18);
        assertEq(v.forward, 0);
        assertEq(v.series[0].markError, stale);
        assertEq(v.series[0].askError, stale);
    }

    function test_NamesAFeedThatRevertsWithoutAWordEatsGasOrBombs() public {
        address[3] memory hostile = [address(new GasEater()), address(new Bomb(true)), address(new Bomb(false))];
        for (uint256 i; i < 3; ++i) {
            vm.etch(address(feed), hostile[i].code);
            IChainLens.ChainView memory v = chainLens.chain(query(1e18));
            assertTrue(v.spotError.length != 0 && v.spotError.length <= 1024, "bounded");
            assertEq(v.series.length, 10);
            assertTrue(v.series[9].askError.length <= 1024 && v.series[9].askError.length != 0, "ask bounded");
        }
        vm.mockCallRevert(address(feed), abi.encodeWithSignature("latestRoundData()"), "");
        assertEq(chainLens.chain(query(1e18)).spotError, abi.encodeWithSelector(IChainLens.NoAnswer.selector));
    }

    function test_OneStrikeBeyondTheArithmeticStopsNoOther() public {
        SeriesId far = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, type(uint64).max);
        SeriesId tiny = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 1);
        SeriesId[] memory list = new SeriesId[](2);
        (list[0], list[1]) = (far, tiny);
        markets.listSeries(list);
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        assertEq(errorOf(find(v, tiny).markError), Black76.PricesOutOfRange.selector);
        assertTrue(find(v, call3000).markError.length == 0, "others");
    }

    function test_CarriesEachSeriesOwnRefusal() public view {
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        IChainLens.SeriesView memory s = find(v, call3000);
        assertEq(s.askError.length, 0);
        assertEq(s.bidError, abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call3000, 0, 1e18));
        IChainLens.ChainQuery memory q = query(1);
        assertEq(errorOf(find(chainLens.chain(q), call3000).askError), IOptionVault.AmountTooSmall.selector);
        // a vault of the other side, and a contract that is none
        (q.amount, q.callVault, q.putVault) = (1e18, address(puts), address(feed));
        v = chainLens.chain(q);
        assertEq(errorOf(find(v, call3000).askError), IOptionVault.WrongMarket.selector);
        assertEq(find(v, put3000).askError, abi.encodeWithSelector(IChainLens.NoAnswer.selector));
    }

    function test_TellsAHaltAndAPause() public {
        vm.prank(signers[0]);
        oracle.halt(MARKET, NEAR);
        house.setWritesPaused(true);
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        assertTrue(v.halted && v.writesPaused, "told");
        assertEq(errorOf(find(v, call3000).askError), IVolatilityOracle.Halted.selector);
        // a halted slice still marks
        assertEq(find(v, call3000).markError.length, 0);
    }

    function test_AnUnlistedExpiryHasNothing() public view {
        IChainLens.ChainQuery memory q = query(1e18);
        q.expiry = NEAR + 1 days;
        IChainLens.ChainView memory v = chainLens.chain(q);
        assertEq(v.series.length, 0);
        assertEq(v.next, 0);
        assertEq(v.spotError, abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, MARKET, NEAR + 1 days));
    }

    // --- what it says ---

    function test_QuotesAreTheVaultsToTheUnit() public {
        buy(calls, call3000, 2e18);
        nextBlock();
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        for (uint256 i; i < v.series.length; ++i) {
            IChainLens.SeriesView memory s = v.series[i];
            IOptionVault vault = s.series.side() == Side.CALL ? IOptionVault(calls) : IOptionVault(puts);
            try vault.quoteBuy(s.series, 1e18) returns (IOptionVault.Quote memory quote) {
                assertEq(s.ask, quote.total, "ask");
                assertEq(s.askFee, quote.fee, "fee");
                assertEq(s.mark.volatility, quote.volatility, "volatility");
                assertEq(s.mark.delta, quote.delta, "delta");
                assertEq(v.spot, quote.spot, "spot");
            } catch (bytes memory reason) {
                assertEq(s.askError, reason, "ask error");
            }
        }
        IChainLens.SeriesView memory held = find(v, call3000);
        assertEq(held.bid, calls.quoteSell(call3000, 1e18).total, "bid");
        assertTrue(held.bid < held.ask && held.bid != 0, "spread");
        assertEq(held.supply, 2e18, "supply");
        // what is promised is what is got
        assertEq(buy(calls, call3000, 1e18), held.ask, "bought");
    }

    function test_NamesTheBlock() public {
        vm.roll(2000);
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        assertEq(v.readAt.number, 2000);
        assertEq(v.readAt.timestamp, vm.getBlockTimestamp());
        assertEq(v.readAt.parentHash, blockhash(1999));
    }

    function test_PagesCoverTheChainOnce() public view {
        IChainLens.ChainQuery memory q = query(1e18);
        q.limit = 3;
        IChainLens.ChainView memory whole = chainLens.chain(query(1e18));
        uint256 seen;
        do {
            IChainLens.ChainView memory page = chainLens.chain(q);
            for (uint256 i; i < page.series.length; ++i) {
                assertEq(SeriesId.unwrap(page.series[i].series), SeriesId.unwrap(whole.series[seen++].series));
            }
            q.from = page.next;
        } while (q.from != 0);
        assertEq(seen, whole.seriesCount);
    }

    function test_EndsEarlyWhereGasRunsShort() public view {
        IChainLens.ChainView memory v = chainLens.chain{gas: 10_500_000}(query(1e18));
        assertTrue(v.series.length != 0 && v.series.length < 10, "a part");
        assertEq(v.next, v.series.length);
    }

    function test_PastExpiryMarksThePayoff() public {
        vm.warp(NEAR + 1);
        IChainLens.SeriesView memory s = find(chainLens.chain(query(1e18)), call3000);
        assertEq(s.markError, abi.encodeWithSelector(IMarkets.NotSettled.selector, MARKET, NEAR));
        settle(NEAR, 4000);
        IChainLens.ChainView memory v = chainLens.chain(query(1e18));
        assertEq(v.settlementPrice, 4000e18);
        assertEq(find(v, call3000).mark.value, 0.25e18);
        assertEq(find(v, put3000).mark.value, 0);
    }

    // --- greeks, against small steps of the contract's own value and delta ---

    function test_GreeksAreTheSlopes() public view {
        for (uint256 i; i < 12; ++i) {
            uint256 strike = [uint256(2400e18), 3000e18, 3900e18][i % 3];
            Side side = i % 2 == 0 ? Side.CALL : Side.PUT;
            uint40 expiry = i < 6 ? NEAR : FAR;
            IVolatilityOracle.Slice memory slice = oracle.slice(MARKET, expiry);
            if (i >= 9) slice.carry = -0.1e9;
            _checkSlopes(strike, side, slice, expiry);
        }
    }

    function _checkSlopes(uint256 strike, Side side, IVolatilityOracle.Slice memory slice, uint40 expiry) private view {
        uint256 time = block.timestamp;
        // The volatility at a strike moves with the forward; gamma and theta hold it, as a flat slice does.
        slice.phi = 1;
        Greeks.Result memory g = chainLens.greeks(3000e18, strike, side, slice, expiry, time);
        int256 before = int256(chainLens.greeks(3000e18, strike, side, slice, expiry, time - 60).value);
        int256 later = int256(chainLens.greeks(3000e18, strike, side, slice, expiry, time + 60).value);
        // Two minutes are 1/720 of a day.
        assertApproxEqRel(g.theta, (later - before) * 720, 0.0001e18, "theta");
        Greeks.Result memory up = chainLens.greeks(3000.3e18, strike, side, slice, expiry, time);
        Greeks.Result memory down = chainLens.greeks(2999.7e18, strike, side, slice, expiry, time);
        int256 slope = (up.delta - down.delta) * 1e18 / int256(up.forward - down.forward);
        assertApproxEqRel(int256(g.gamma), slope, 0.0001e18, "gamma");
    }

    function test_WithoutTimeNoGreeksButTheValue() public view {
        IVolatilityOracle.Slice memory slice = oracle.slice(MARKET, NEAR);
        Greeks.Result memory g = chainLens.greeks(4000e18, 3000e18, Side.CALL, slice, NEAR, NEAR - 600);
        assertEq(g.value, 0.25e18);
        assertEq(g.gamma + g.vega, 0);
        assertEq(g.theta, 0);
    }
}
