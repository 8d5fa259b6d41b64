// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {OrderPricing} from "../libraries/OrderPricing.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKeyLib, SeriesId, Side} from "../libraries/SeriesId.sol";
import {ExchangeOrders} from "./ExchangeOrders.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title ExchangeSettlement
/// @notice What an order costs now, and how a trade is paid and delivered in the Clearinghouse.
abstract contract ExchangeSettlement is ExchangeOrders, AccessManaged {
    /// @notice A volatility order trades until this and its feed's maximum age before expiry.
    uint256 public constant CUTOFF_SECONDS = 30 minutes;

    uint256 private constant WAD = 1e18;

    /// @inheritdoc IExchange
    address public immutable clearinghouse;

    /// @inheritdoc IExchange
    address public immutable volatilityOracle;

    IMarkets private immutable _markets;
    IOptionToken private immutable _optionToken;

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

    /// @dev A trade between its pricing and its settlement; the names of `Traded`.
    /// @param paid What the buyer pays in all.
    /// @param proceeds What the seller gets.
    /// @param payee Who gets it.
    /// @param receiver Who gets the contracts.
    struct Trade {
        SeriesId series;
        address buyer;
        address seller;
        address payee;
        address receiver;
        address caller;
        Taker taker;
        bool buyerCloses;
        bool sellerWrites;
        bool inQuote;
        address premiumToken;
        uint256 amount;
        uint256 premium;
        uint256 proceeds;
        uint256 fee;
        uint256 callerFee;
        uint256 spot;
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

    /// @dev Spot as the expiry's feed has it, kept as a checkpoint as every trade that reads it does. Nothing where an
    /// order needs none.
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

    // --- settling ---

    /// @dev Money first, which may pay for a writer's collateral, then contracts. The buyer pays all: the seller, the
    /// caller's share of a match, and the rest of the fee. Nothing passes through this contract.
    function _settle(Trade memory t) internal {
        emit Traded(
            t.series,
            t.buyer,
            t.seller,
            t.caller,
            t.taker,
            t.premiumToken,
            t.amount,
            t.premium,
            t.fee,
            t.callerFee,
            t.spot
        );
        IClearinghouse house = IClearinghouse(clearinghouse);
        if (t.proceeds != 0) house.pay(t.buyer, t.payee, t.premiumToken, t.proceeds);
        if (t.callerFee != 0) house.pay(t.buyer, t.caller, t.premiumToken, t.callerFee);
        uint256 toPot = t.fee - t.callerFee;
        if (toPot != 0) {
            Side side = t.inQuote ? Side.PUT : Side.CALL;
            house.accrueFeeFor(t.buyer, BookKeyLib.pack(t.series.market(), side, t.series.expiry()), toPot);
        }
        _deliver(t, house);
    }

    /// @dev From what the seller holds as far as it goes, then newly written; first into what the buyer has written, as far
    /// as that goes, then to the receiver.
    function _deliver(Trade memory t, IClearinghouse house) private {
        uint256 held = _held(t);
        uint256 written = t.amount - held;
        uint256 closing = _closing(t, house);

        uint256 direct = FixedPointMathLib.min(held, closing);
        if (direct != 0) house.close(t.buyer, t.series, direct, t.seller);
        if (held != direct) {
            _optionToken.safeTransferFrom(t.seller, t.receiver, SeriesId.unwrap(t.series), held - direct, "");
        }
        uint256 through = closing - direct;
        if (through != 0) {
            house.write(t.seller, t.series, through, t.buyer);
            house.close(t.buyer, t.series, through, t.buyer);
        }
        if (written != through) house.write(t.seller, t.series, written - through, t.receiver);
    }

    /// @dev What the seller delivers from its wallet. Tokens that the Exchange is not approved for do not count where the
    /// seller may write: anybody could send it a grain, and stop its orders.
    function _held(Trade memory t) private view returns (uint256) {
        if (!t.sellerWrites) return t.amount;
        if (!_optionToken.isApprovedForAll(t.seller, address(this))) return 0;
        return FixedPointMathLib.min(t.amount, _optionToken.balanceOf(t.seller, SeriesId.unwrap(t.series)));
    }

    /// @dev What goes into the buyer's written leg.
    function _closing(Trade memory t, IClearinghouse house) private view returns (uint256) {
        if (!t.buyerCloses) return 0;
        int256 leg = house.leg(t.buyer, t.series);
        return leg < 0 ? FixedPointMathLib.min(t.amount, uint256(-leg)) : 0;
    }
}
