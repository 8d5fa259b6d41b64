// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../interfaces/IExchange.sol";
import {OptionPricing} from "./OptionPricing.sol";
import {Side} from "./SeriesId.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title OrderPricing
/// @notice What a signed order comes to: its price a contract, the premium of a fill, the fee.
/// @dev A volatility order at spot S, volatility s and carry c, T the time to expiry - 20 minutes (as OptionPricing):
///
///     S'    = S (1 + spotEdge), rounded up, where the maker sells a call or buys a put; else S (1 - spotEdge), rounded down
///     value = D Black76(S' exp(c T), K, s^2 T), a call's divided by S'            WAD of the settlement asset
///     price = value; a call's in quote times S', a put's in base divided by S'   WAD of the premium token
///
/// A call is worth more at a higher spot, in base as in quote, a put less: the edge is against the taker in each case.
library OrderPricing {
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;

    /// @notice The highest volatility that an order may name, WAD.
    uint256 internal constant MAX_VOLATILITY = 10e18;

    /// @notice What a feed and an oracle said.
    /// @param spot WAD.
    /// @param updatedAt When the feed said so.
    /// @param carry Units of a slice.
    struct Market {
        uint256 spot;
        uint256 updatedAt;
        int40 carry;
    }

    /// @notice The price a contract of a volatility order, WAD of the premium token, rounded to the maker.
    /// @param inQuote Whether the premium token is the market's quote.
    function priceOf(IExchange.Order calldata order, Market memory m, bool inQuote)
        internal
        view
        returns (uint256 price)
    {
        if (m.spot < order.minSpot || m.spot > order.maxSpot) {
            revert IExchange.SpotOutOfRange(m.spot, order.minSpot, order.maxSpot);
        }
        // A feed on a chain whose clock runs ahead of the block is as new as can be.
        if (block.timestamp > m.updatedAt + order.maxFeedAge) {
            revert IExchange.FeedTooOld(m.updatedAt, order.maxFeedAge);
        }
        if (m.carry < order.minCarry || m.carry > order.maxCarry) {
            revert IExchange.CarryOutOfRange(m.carry, order.minCarry, order.maxCarry);
        }
        if (order.limit > MAX_VOLATILITY) revert IExchange.VolatilityOutOfRange(order.limit);

        Side side = order.series.side();
        uint256 spot = _edged(m.spot, order.spotEdge, order.isBuy != (side == Side.CALL));
        price = OptionPricing.valueAtVolatility(
            spot, order.series.strikeWad(), side, order.limit, m.carry, order.series.expiry(), block.timestamp
        );
        if (inQuote && side == Side.CALL) price = _mulDiv(price, spot, WAD, !order.isBuy);
        else if (!inQuote && side == Side.PUT) price = _mulDiv(price, WAD, spot, !order.isBuy);
        if (price < order.minPremium || price > order.maxPremium) {
            revert IExchange.PremiumOutOfRange(price, order.minPremium, order.maxPremium);
        }
    }

    /// @notice What `amount` contracts of an order come to, rounded to its maker: up, and never nothing, where it sells;
    /// down where it buys.
    /// @param price WAD of the premium token a contract.
    /// @param scale WAD of one unit of the premium token.
    /// @return premium Token units.
    function premiumOf(bool isBuy, uint256 price, uint256 amount, uint256 scale)
        internal
        pure
        returns (uint256 premium)
    {
        // A price is below 2^128, an amount below 2^127.
        premium = _mulDiv(price, amount, WAD * scale, !isBuy);
        if (premium != 0) return premium;
        if (isBuy) revert IExchange.NoPremium(amount);
        return 1;
    }

    /// @notice min(share of notional, share of premium), both rounded up, token units.
    /// @param notional Of one contract, WAD of the premium token.
    function feeOf(uint256 notional, uint256 amount, uint256 premium, uint256 scale, IExchange.Fees memory fees)
        internal
        pure
        returns (uint256)
    {
        return
            (notional * fees.ofNotional).mulDivUp(amount, WAD * WAD * scale).min(premium.mulDivUp(fees.ofPremium, WAD));
    }

    /// @notice Reverts where a fill costs its taker more than its limit, or brings less. The limit is pro rata where less is
    /// filled than was asked for, to the nearest unit that lets it through.
    function checkLimit(IExchange.Fill memory filled, IExchange.Take calldata take, bool takerSells) internal pure {
        if (takerSells) {
            uint256 proceeds = filled.premium - filled.fee;
            uint256 least = take.limit.saturatingMul(filled.amount) / take.amount;
            if (proceeds < least) revert IExchange.ProceedsBelowLimit(proceeds, least);
        } else {
            uint256 cost = filled.premium + filled.fee;
            uint256 most = take.limit.saturatingMul(filled.amount).divUp(take.amount);
            if (cost > most) revert IExchange.CostAboveLimit(cost, most);
        }
    }

    /// @notice Reverts unless the first buys what the second sells, from somebody else, and either lets the other take it.
    function requirePair(IExchange.Order calldata buyOrder, IExchange.Order calldata sellOrder) internal pure {
        if (!buyOrder.isBuy || sellOrder.isBuy) revert IExchange.OrdersDoNotPair("isBuy");
        if (buyOrder.series != sellOrder.series) revert IExchange.OrdersDoNotPair("series");
        if (buyOrder.premiumToken != sellOrder.premiumToken) revert IExchange.OrdersDoNotPair("premiumToken");
        requireTaker(buyOrder, sellOrder.maker);
        requireTaker(sellOrder, buyOrder.maker);
    }

    /// @notice Reverts unless `taker` may take the order.
    function requireTaker(IExchange.Order calldata order, address taker) internal pure {
        if (order.taker != address(0) && order.taker != taker) revert IExchange.NotTaker(order.taker, taker);
        if (order.maker == taker) revert IExchange.SelfTrade(taker);
    }

    /// @notice The midpoint of what the buyer pays at most and the seller gets at least, the fee half each.
    /// @dev The buyer pays (most + least + fee) / 2 and the seller gets that less the fee. Where most >= least + fee neither
    /// is worse off than its limit.
    /// @param notional Of one contract, WAD of the premium token.
    function midpoint(
        uint256 most,
        uint256 least,
        uint256 notional,
        uint256 amount,
        uint256 scale,
        IExchange.Fees memory fees
    ) internal pure returns (IExchange.Match memory matched) {
        uint256 fee = feeOf(notional, amount, most.avg(least), scale, fees);
        if (most < least + fee) revert IExchange.NotCrossed(most, least, fee);
        matched.amount = amount;
        matched.premium = (most + least - fee) / 2;
        matched.fee = fee;
        matched.callerFee = fee.mulDiv(fees.ofCaller, WAD);
    }

    function _edged(uint256 spot, uint256 edge, bool up) private pure returns (uint256) {
        if (edge >= WAD) revert IExchange.SpotEdgeOutOfRange(edge);
        return up ? spot.mulDivUp(WAD + edge, WAD) : spot.mulDiv(WAD - edge, WAD);
    }

    function _mulDiv(uint256 x, uint256 y, uint256 divisor, bool up) private pure returns (uint256) {
        return up ? x.mulDivUp(y, divisor) : x.mulDiv(y, divisor);
    }
}
