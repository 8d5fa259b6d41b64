// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {OrderPricing} from "../libraries/OrderPricing.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId, Side} from "../libraries/SeriesId.sol";
import {ExchangeOrders} from "./ExchangeOrders.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title ExchangePricing
/// @notice What an order costs now, in which token, and the fees.
abstract contract ExchangePricing is ExchangeOrders, AccessManaged {
    /// @notice A volatility order trades until this and its feed's maximum age before expiry.
    uint256 public constant CUTOFF_SECONDS = 30 minutes;

    uint256 private constant WAD = 1e18;

    /// @inheritdoc IExchange
    address public immutable clearinghouse;

    /// @inheritdoc IExchange
    address public immutable volatilityOracle;

    IMarkets private immutable _markets;
    IOptionToken internal immutable _optionToken;

    Fees internal _fees;

    /// @dev Base under CALL, quote under PUT; read from Markets once: what is listed there never changes.
    mapping(uint16 market => mapping(Side => Asset)) private _assets;

    /// @dev A token of a market and the WAD of one of its units. One slot.
    struct Asset {
        address token;
        uint64 scale;
    }

    /// @dev The token of an order's premium.
    /// @param known Whether it was read from here, not from Markets.
    /// @param scale WAD of one of its units.
    /// @param notional Of one contract, WAD of the token: one base, or the strike.
    struct Premium {
        bool known;
        bool inQuote;
        uint64 scale;
        uint256 notional;
    }

    constructor(address access, address clearinghouse_, address volatilityOracle_) AccessManaged(access) {
        clearinghouse = clearinghouse_;
        volatilityOracle = volatilityOracle_;
        _markets = IMarkets(IClearinghouse(clearinghouse_).markets());
        _optionToken = IOptionToken(IClearinghouse(clearinghouse_).optionToken());
        _setFees(Fees({ofNotional: 0.0003e18, ofPremium: 0.125e18, ofCaller: 0.2e18}));
    }

    // --- fees ---

    /// @inheritdoc IExchange
    function setFees(Fees calldata fees_) external restricted {
        _setFees(fees_);
    }

    /// @inheritdoc IExchange
    function fees() external view returns (Fees memory) {
        return _fees;
    }

    /// @dev With at most a half for a match's caller and a fifth for bounties, no fee comes back to who pays it.
    function _setFees(Fees memory f) private {
        if (f.ofNotional > 0.005e18) revert BadFees("ofNotional");
        if (f.ofPremium > 0.2e18) revert BadFees("ofPremium");
        if (f.ofCaller > 0.5e18) revert BadFees("ofCaller");
        _fees = f;
        emit FeesSet(f);
    }

    // --- prices ---

    /// @inheritdoc IExchange
    function priceOf(Order calldata order) external view returns (uint256 price) {
        return _priceOf(_shared(order));
    }

    function _priceOf(Order calldata order) internal view returns (uint256) {
        _requireInTime(order);
        bool inQuote = _premiumOf(order).inQuote;
        if (order.kind == LimitKind.PREMIUM) return order.limit;
        OrderPricing.Market memory m;
        (m.spot, m.updatedAt) = _markets.spot(order.series.market(), order.series.expiry());
        return _priceAt(order, m, inQuote);
    }

    /// @dev Spot as the expiry's feed has it, kept as a checkpoint as every trade that reads it does.
    function _readSpot(SeriesId series) internal returns (OrderPricing.Market memory m) {
        (m.spot, m.updatedAt) = _markets.checkpoint(series.market(), series.expiry());
    }

    /// @dev The executable price a contract; spot is there where the order is one of volatility.
    function _priceAt(Order calldata order, OrderPricing.Market memory m, bool inQuote)
        internal
        view
        returns (uint256)
    {
        if (order.kind == LimitKind.PREMIUM) return order.limit;
        (uint16 market, uint40 expiry) = (order.series.market(), order.series.expiry());
        if (block.timestamp + CUTOFF_SECONDS + _markets.feedConfig(market, expiry).maxAge >= expiry) {
            revert TradingCutoff(expiry);
        }
        if (order.storedCarry) {
            (IVolatilityOracle.Slice memory newest,) = IVolatilityOracle(volatilityOracle).freshSlices(market, expiry);
            m.carry = newest.carry;
        } else {
            m.carry = order.minCarry;
        }
        return OrderPricing.priceOf(order, m, inQuote);
    }

    function _premiumOf(Order calldata order) internal view returns (Premium memory p) {
        (uint16 market, Side side) = (order.series.market(), order.series.side());
        if (!_isPremium(p, order.premiumToken, market, side)) {
            side = side == Side.CALL ? Side.PUT : Side.CALL;
            if (!_isPremium(p, order.premiumToken, market, side)) revert BadPremiumToken(order.premiumToken);
        }
        p.inQuote = side == Side.PUT;
        p.notional = p.inQuote ? order.series.strikeWad() : WAD;
    }

    function _isPremium(Premium memory p, address token, uint16 market, Side side) private view returns (bool) {
        Asset memory asset = _assets[market][side];
        p.known = asset.token != address(0);
        if (!p.known) {
            uint8 decimals;
            (asset.token, decimals) = _markets.settlementAsset(market, side);
            // At most 1e18.
            // forge-lint: disable-next-line(unsafe-typecast)
            asset.scale = uint64(Payoff.scaleOf(decimals));
        }
        p.scale = asset.scale;
        return asset.token == token;
    }

    /// @dev Keeps what was read from Markets, for the next fill.
    function _remember(Order calldata order, Premium memory p) internal {
        if (p.known) return;
        _assets[order.series.market()][p.inQuote ? Side.PUT : Side.CALL] = Asset(order.premiumToken, p.scale);
    }
}
