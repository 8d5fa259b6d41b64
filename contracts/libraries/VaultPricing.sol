// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "./OptionPricing.sol";
import {Side} from "./SeriesId.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VaultPricing
/// @notice The vault's quote: a cost function in vega and locked collateral around the mark, and the guards of its edges.
/// @dev Units: amount q, prices, vega, fractions WAD; collateral l and L, net assets A and every part of a quote in token
/// units of the settlement asset. `scale` is the WAD of one token unit. ceil and floor are of the one exact fraction in
/// their brackets. Per contract, in WAD of the settlement asset (OptionPricing.mark and valueOf, rounded down there):
///
///     P, v   value and vega at spot and the newest slice
///     Pask   max(P, value at the spot edge and the newest slice with its carry at the edge, value at the spot edge and the
///            previous slice while it counts)
///     Pbid   min(P, value at the other spot edge, ...)
///     edges  calls ask at floor(spot (10000 + bps) / 10000) and bid at floor(spot (10000 - bps) / 10000), puts the reverse
///     carry  +- min(2, oracle.carryPerDay * (now - newest.timestamp) / 1 day) against the trader, rounded up to the unit
///            of a slice: up for a call's ask and a put's bid, down for the others
///     h      halfSpread + ceil(max(halfSpreadPerDay, oracle.volatilityPerDay) * (now - newest.timestamp) / 1 day)
///     y      ceil(q v / 1e18) for a buy, floor for a sale: the vega that the trade adds to or takes from X
///
/// A buy, each part rounded up by itself, so that the parts sum to the premium exactly:
///
///     mark   = ceil(q P / (1e18 scale))
///     spread = ceil(y h / (1e18 scale))
///     guard  = ceil(q (Pask - P) / (1e18 scale))
///     skew   = ceil(y (2 X + y) skew / (2 A scale 1e18 scale))      (A scale is net assets in WAD)
///     use    = ceil(l (2 L + l) use / (2 A 1e18))
///     least  = ceil(l minRate T / (1e18 365 days)) + ceil(notional floor / (1e18 scale)),  T = max(expiry - 1200 - now, 0)
///     floor  = max(0, least - (mark + spread + guard + skew + use)), and at least 1 unit in all
///     premium = mark + spread + guard + skew + use + floor
///     fee    = min(ceil(notional ofNotional / (1e18 scale)), ceil(premium ofPremium / 1e18))
///     total  = premium + fee
///
/// with notional = q for a call and ceil(q spot / 1e18) for a put, and l the growth of ceil(collateral of the whole leg).
/// y (2 X + y) = (X + y)^2 - X^2 and l (2 L + l) = (L + l)^2 - L^2, so parts of a trade sum to the whole or, by rounding,
/// to more. A sale has neither skew nor use, so the vault never pays up to shrink:
///
///     total = max(0, floor(q P / (1e18 scale)) - ceil(y' h / (1e18 scale)) - ceil(q (P - Pbid) / (1e18 scale)))
///
/// with y' = ceil(q v / 1e18).
library VaultPricing {
    using FixedPointMathLib for uint256;

    uint256 internal constant WAD = 1e18;
    uint256 private constant BPS = 10_000;
    /// @dev WAD of a slice's unit of carry, and the widest move between two slices in such units.
    uint256 private constant CARRY_UNIT = 1e9;
    uint256 private constant MAX_CARRY_MOVE = 2e9;

    /// @notice What prices one expiry at one time.
    /// @param spot Quote per base, WAD.
    /// @param bandBps Half width of the spot band: the feed's deviation threshold.
    /// @param newest The slice that marks.
    /// @param previous The slice before it while it still counts; else its timestamp is zero.
    /// @param halfSpread Of volatility, grown by the age of the newest slice, WAD.
    /// @param carryBand How far signers may have moved carry at that age, units of a slice.
    struct Conditions {
        uint40 expiry;
        uint256 spot;
        uint256 bandBps;
        IVolatilityOracle.Slice newest;
        IVolatilityOracle.Slice previous;
        uint256 halfSpread;
        int40 carryBand;
    }

    /// @notice One contract's prices, WAD of the settlement asset.
    /// @param edge The guarded ask of a buy or bid of a sale, without the half spread.
    struct Value {
        uint256 mid;
        uint256 edge;
        uint256 vega;
        int256 delta;
        uint256 volatility;
    }

    /// @notice The half spread at the age of a slice, rounded up.
    function halfSpread(uint256 base, uint256 perDay, uint256 age) internal pure returns (uint256) {
        return base + (perDay * age).divUp(1 days);
    }

    /// @notice How far carry may move within the age of a slice, rounded up, units of a slice: at most from -1 to 1.
    /// @param perDay The volatility oracle's bound, WAD a day.
    function carryBand(uint256 perDay, uint256 age) internal pure returns (int40) {
        return int40(uint40((perDay * age).divUp(1 days * CARRY_UNIT).min(MAX_CARRY_MOVE)));
    }

    /// @notice Mid of one contract now, and its guarded price on the side of a trade: the other side's would cost as much
    /// again and is not looked at.
    function value(Side side, uint256 strike, Conditions memory c, bool isBuy)
        internal
        view
        returns (Value memory result)
    {
        (result.mid, result.vega, result.delta, result.volatility) =
            OptionPricing.mark(c.spot, strike, side, c.newest, c.expiry, block.timestamp);
        (uint256 askSpot, uint256 bidSpot, int40 askCarry) = _edges(side, c);
        uint256 spot = isBuy ? askSpot : bidSpot;
        uint256 edge = OptionPricing.valueIn(
            _frame(spot, side, _moved(c.newest, isBuy ? askCarry : -askCarry), c.expiry), strike, side
        );
        result.edge = isBuy ? result.mid.max(edge) : result.mid.min(edge);
        if (c.previous.timestamp == 0) return result;
        edge = OptionPricing.valueIn(_frame(spot, side, c.previous, c.expiry), strike, side);
        result.edge = isBuy ? result.edge.max(edge) : result.edge.min(edge);
    }

    /// @dev The ask and the bid around the mark, whichever frames count.
    function _guarded(Side side, uint256 strike, Frames memory f, uint256 mid)
        private
        pure
        returns (uint256 ask, uint256 bid)
    {
        ask = mid.max(OptionPricing.valueIn(f.ask, strike, side));
        bid = mid.min(OptionPricing.valueIn(f.bid, strike, side));
        if (f.olderAsk.forward != 0) {
            ask = ask.max(OptionPricing.valueIn(f.olderAsk, strike, side));
            bid = bid.min(OptionPricing.valueIn(f.olderBid, strike, side));
        }
    }

    /// @dev The edges of the spot band against a buyer and against a seller, and what the buyer's adds to carry.
    function _edges(Side side, Conditions memory c)
        private
        pure
        returns (uint256 askSpot, uint256 bidSpot, int40 askCarry)
    {
        uint256 high = c.spot * (BPS + c.bandBps) / BPS;
        uint256 low = c.spot * (BPS - c.bandBps) / BPS;
        // A call is worth more at a higher spot even in base, a put at a lower one; and so with the forward.
        (askSpot, bidSpot, askCarry) = side == Side.CALL ? (high, low, c.carryBand) : (low, high, -c.carryBand);
    }

    /// @dev A slice with its carry moved.
    function _moved(IVolatilityOracle.Slice memory slice, int40 by)
        private
        pure
        returns (IVolatilityOracle.Slice memory)
    {
        return IVolatilityOracle.Slice(slice.theta, slice.phi, slice.rho, slice.carry + by, slice.timestamp);
    }

    /// @notice Conditions made ready for many strikes. `olderAsk` and `olderBid` are empty where no older slice counts.
    struct Frames {
        OptionPricing.Frame mid;
        OptionPricing.Frame ask;
        OptionPricing.Frame bid;
        OptionPricing.Frame olderAsk;
        OptionPricing.Frame olderBid;
        uint256 rootTime;
        uint256 halfSpread;
    }

    /// @notice The frames of an expiry's conditions.
    function frames(Side side, Conditions memory c) internal view returns (Frames memory f) {
        (uint256 askSpot, uint256 bidSpot, int40 askCarry) = _edges(side, c);
        f.mid = _frame(c.spot, side, c.newest, c.expiry);
        f.ask = _frame(askSpot, side, _moved(c.newest, askCarry), c.expiry);
        f.bid = _frame(bidSpot, side, _moved(c.newest, -askCarry), c.expiry);
        if (c.previous.timestamp != 0) {
            f.olderAsk = _frame(askSpot, side, c.previous, c.expiry);
            f.olderBid = _frame(bidSpot, side, c.previous, c.expiry);
        }
        f.rootTime = OptionPricing.rootOf(f.mid.left);
        f.halfSpread = c.halfSpread;
    }

    function _frame(uint256 spot, Side side, IVolatilityOracle.Slice memory slice, uint40 expiry)
        private
        view
        returns (OptionPricing.Frame memory)
    {
        return OptionPricing.frameOf(spot, side, slice, expiry, block.timestamp);
    }

    /// @notice What the vault owes on `amount` contracts as depositors enter (at the bid, rounded down) and as leavers leave
    /// (at the ask, rounded up), each at most the leg's collateral, in token units; and their vega, rounded up.
    /// @dev The bid and the ask are `value`'s, with the half spread of a trade.
    function liabilities(Side side, uint256 strike, Frames memory f, uint256 amount, uint256 collateral, uint256 scale)
        internal
        pure
        returns (uint256 entering, uint256 leaving, uint256 vega)
    {
        (uint256 mid, uint256 each) = OptionPricing.valueAndVegaIn(f.mid, f.rootTime, strike, side);
        (uint256 ask, uint256 bid) = _guarded(side, strike, f, mid);
        uint256 spread = each.mulDivUp(f.halfSpread, WAD);
        entering = amount.mulDiv(bid.zeroFloorSub(spread), WAD * scale).min(collateral);
        leaving = amount.mulDivUp(ask + spread, WAD * scale).min(collateral);
        vega = amount.mulDivUp(each, WAD);
    }

    /// @notice What `amount` contracts cost, and the vega that they add.
    /// @param collateral What the trade locks, token units.
    function buy(
        Side side,
        uint256 amount,
        uint256 collateral,
        Conditions memory c,
        Value memory v,
        IVaultPricer.State memory state,
        IOptionVault.Params memory params,
        IOptionVault.Fees memory fees,
        uint256 scale
    ) internal view returns (IOptionVault.Quote memory quote, uint256 vega) {
        uint256 unit = WAD * scale;
        vega = amount.mulDivUp(v.vega, WAD);
        quote.mark = amount.mulDivUp(v.mid, unit);
        quote.spread = vega.mulDivUp(c.halfSpread, unit);
        quote.guard = amount.mulDivUp(v.edge - v.mid, unit);
        quote.skew = (vega * (2 * state.shortVega + vega)).fullMulDivUp(params.skew, 2 * state.netAssets * scale * unit);
        quote.use = (collateral * (2 * state.locked + collateral)).fullMulDivUp(params.use, 2 * state.netAssets * WAD);

        uint256 notional = side == Side.CALL ? amount : amount.mulDivUp(c.spot, WAD);
        uint256 end = block.timestamp + OptionPricing.AVERAGING_SECONDS;
        uint256 left = c.expiry > end ? c.expiry - end : 0;
        uint256 least = collateral.fullMulDivUp(params.minRate * left, WAD * OptionPricing.YEAR)
            + notional.mulDivUp(params.floor, unit);
        uint256 premium = quote.mark + quote.spread + quote.guard + quote.skew + quote.use;
        quote.floor = least.max(1).zeroFloorSub(premium);
        premium += quote.floor;
        quote.fee = notional.mulDivUp(fees.ofNotional, unit).min(premium.mulDivUp(fees.ofPremium, WAD));
        quote.total = premium + quote.fee;
        quote.collateral = collateral;
        _describe(quote, c, v);
    }

    /// @notice What the vault pays for `amount` contracts, and the vega that they take away.
    /// @param collateral What the trade unlocks, token units.
    function sell(uint256 amount, uint256 collateral, Conditions memory c, Value memory v, uint256 scale)
        internal
        pure
        returns (IOptionVault.Quote memory quote, uint256 vega)
    {
        uint256 unit = WAD * scale;
        vega = amount.mulDiv(v.vega, WAD);
        quote.mark = amount.mulDiv(v.mid, unit);
        quote.spread = amount.mulDivUp(v.vega, WAD).mulDivUp(c.halfSpread, unit);
        quote.guard = amount.mulDivUp(v.mid - v.edge, unit);
        quote.total = quote.mark.zeroFloorSub(quote.spread + quote.guard);
        quote.collateral = collateral;
        _describe(quote, c, v);
    }

    function _describe(IOptionVault.Quote memory quote, Conditions memory c, Value memory v) private pure {
        quote.spot = c.spot;
        quote.volatility = v.volatility;
        quote.delta = v.delta;
    }
}
