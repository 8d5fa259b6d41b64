// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ExchangePricing} from "./exchange/ExchangePricing.sol";
import {IClearinghouse} from "./interfaces/IClearinghouse.sol";
import {IExchange} from "./interfaces/IExchange.sol";
import {OrderPricing} from "./libraries/OrderPricing.sol";
import {SignedOrder} from "./libraries/SignedOrder.sol";
import {TradeSettlement} from "./libraries/TradeSettlement.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";

/// @title Exchange
/// @notice Signed orders, filled, matched, quoted.
/// @dev By subject: ExchangeOrders (what stands and what was cancelled), ExchangePricing (what it costs), and without state
/// SignedOrder (what is signed), OrderPricing (what it is worth), TradeSettlement (who pays and delivers what). It holds
/// nothing, and moves only what belongs to its caller or to who signed.
contract Exchange is ExchangePricing, ReentrancyGuardTransient {
    using FixedPointMathLib for uint256;

    /// @dev The most that is kept of an error.
    uint16 private constant REASON_BYTES = 260;

    /// @dev For whom this contract calls itself; zero outside of `fillMany` and `quoteFill`.
    address private transient _caller;

    /// @dev Nobody who is called in the middle of a trade may start a batch or a quote in its name.
    modifier callsItselfFor(address caller) {
        if (_caller != address(0) || _reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        _caller = caller;
        _;
        _caller = address(0);
    }

    /// @param access The AccessManager that says who may set fees.
    constructor(address access, address clearinghouse_, address volatilityOracle_)
        ExchangePricing(access, clearinghouse_, volatilityOracle_)
    {}

    // --- fills ---

    /// @inheritdoc IExchange
    function fill(Order calldata order, bytes calldata signature, Take calldata take)
        external
        nonReentrant
        returns (Fill memory)
    {
        return _fill(msg.sender == address(this) ? _caller : msg.sender, _shared(order), signature, take);
    }

    /// @inheritdoc IExchange
    function fillMany(Item[] calldata items, uint256 gasPerItem)
        external
        callsItselfFor(msg.sender)
        returns (Fill[] memory fills, bytes4[] memory reasons)
    {
        uint256 count = items.length;
        fills = new Fill[](count);
        reasons = new bytes4[](count);
        for (uint256 i; i < count; ++i) {
            Item calldata item = items[i];
            bytes memory data = abi.encodeCall(this.fill, (item.order, item.signature, item.take));
            SignedOrder.requireGas(gasPerItem);
            (bool done,, bytes memory answer) = LibCall.tryCall(address(this), 0, gasPerItem, REASON_BYTES, data);
            if (done) fills[i] = abi.decode(answer, (Fill));
            else reasons[i] = answer.length < 4 ? bytes4(0xffffffff) : bytes4(answer);
        }
    }

    function _fill(address taker, Order calldata order, bytes calldata signature, Take calldata take)
        private
        returns (Fill memory filled)
    {
        OrderPricing.requireTaker(order, taker);
        Standing memory standing = _standing(order);
        uint256 amount = standing.left.min(take.amount);
        if (amount < take.minAmount) revert AmountBelowMinimum(amount, take.minAmount);
        _consume(order, signature, standing, amount);

        TradeSettlement.Trade memory t;
        Premium memory p = _premiumOf(order);
        _remember(order, p);
        OrderPricing.Market memory m;
        if (order.kind == LimitKind.VOLATILITY) m = _readSpot(order.series);
        filled = _valueOf(order, p, _priceAt(order, m, p.inQuote), amount);
        OrderPricing.checkLimit(filled, take, order.isBuy);

        if (order.isBuy) {
            (t.buyer, t.receiver, t.buyerCloses) = (order.maker, order.maker, order.useBook);
            (t.seller, t.payee, t.sellerWrites) = (taker, take.receiver, take.useBook);
            (t.taker, t.proceeds) = (Taker.SELLER, filled.premium - filled.fee);
        } else {
            (t.buyer, t.receiver, t.buyerCloses) = (taker, take.receiver, take.useBook);
            (t.seller, t.payee, t.sellerWrites) = (order.maker, order.maker, order.useBook);
            (t.taker, t.proceeds) = (Taker.BUYER, filled.premium);
        }
        (t.series, t.premiumToken, t.inQuote, t.caller) = (order.series, order.premiumToken, p.inQuote, taker);
        (t.amount, t.premium, t.fee, t.spot) = (amount, filled.premium, filled.fee, m.spot);
        TradeSettlement.settle(t, IClearinghouse(clearinghouse), _optionToken);
    }

    function _valueOf(Order calldata order, Premium memory p, uint256 price, uint256 amount)
        private
        view
        returns (Fill memory filled)
    {
        filled.amount = amount;
        filled.premium = OrderPricing.premiumOf(order.isBuy, price, amount, p.scale);
        filled.fee = OrderPricing.feeOf(p.notional, amount, filled.premium, p.scale, _fees);
    }

    // --- matches ---

    /// @inheritdoc IExchange
    function matchOrders(
        Order calldata buyOrder,
        bytes calldata buySignature,
        Order calldata sellOrder,
        bytes calldata sellSignature,
        uint128 amount
    ) external nonReentrant returns (Match memory) {
        return _match(_shared(buyOrder), buySignature, _shared(sellOrder), sellSignature, amount);
    }

    function _match(
        Order calldata buyOrder,
        bytes calldata buySignature,
        Order calldata sellOrder,
        bytes calldata sellSignature,
        uint256 amount
    ) private returns (Match memory matched) {
        OrderPricing.requirePair(buyOrder, sellOrder);
        Standing memory buying = _standing(buyOrder);
        Standing memory selling = _standing(sellOrder);
        amount = amount.min(buying.left).min(selling.left);
        _consume(buyOrder, buySignature, buying, amount);
        _consume(sellOrder, sellSignature, selling, amount);

        Premium memory p = _premiumOf(buyOrder);
        _remember(buyOrder, p);
        OrderPricing.Market memory m;
        if (buyOrder.kind == LimitKind.VOLATILITY || sellOrder.kind == LimitKind.VOLATILITY) {
            m = _readSpot(buyOrder.series);
        }
        matched = OrderPricing.midpoint(
            OrderPricing.premiumOf(true, _priceAt(buyOrder, m, p.inQuote), amount, p.scale),
            OrderPricing.premiumOf(false, _priceAt(sellOrder, m, p.inQuote), amount, p.scale),
            p.notional,
            amount,
            p.scale,
            _fees
        );

        TradeSettlement.Trade memory t;
        (t.buyer, t.receiver, t.buyerCloses) = (buyOrder.maker, buyOrder.maker, buyOrder.useBook);
        (t.seller, t.payee, t.sellerWrites) = (sellOrder.maker, sellOrder.maker, sellOrder.useBook);
        (t.series, t.premiumToken, t.inQuote, t.caller) =
        (buyOrder.series, buyOrder.premiumToken, p.inQuote, msg.sender);
        (t.amount, t.premium, t.proceeds) = (amount, matched.premium, matched.premium);
        (t.fee, t.callerFee, t.spot) = (matched.fee, matched.callerFee, m.spot);
        TradeSettlement.settle(t, IClearinghouse(clearinghouse), _optionToken);
    }

    // --- quotes ---

    /// @inheritdoc IExchange
    function quoteFill(address taker, Order calldata order, bytes calldata signature, Take calldata take)
        external
        callsItselfFor(taker)
        returns (Quote memory quote)
    {
        bytes memory data = abi.encodeCall(this.simulateFill, (order, signature, take));
        // It always reverts, with its answer: nothing of what it did stays.
        (,, bytes memory answer) = LibCall.tryCall(address(this), 0, gasleft(), type(uint16).max, data);
        quote = abi.decode(answer, (Quote));
        try this.priceOf(order) returns (uint256 price) {
            quote.price = price;
        } catch {}
        uint256 amount = _remaining(_shared(order)).min(take.amount);
        if (quote.reason.length == 0 || amount == 0) return quote;
        try this.valueOf(order, amount) returns (Fill memory filled) {
            quote.fill = filled;
        } catch {}
    }

    /// @inheritdoc IExchange
    function valueOf(Order calldata order, uint256 amount) external view returns (Fill memory) {
        Order calldata same = _shared(order);
        return _valueOf(same, _premiumOf(same), _priceOf(same), amount);
    }

    /// @notice A fill for a quote: reverts in any case, with a `Quote` as its data. Only for itself.
    /// @dev The fill is a call of its own, so that an error that a maker made up cannot pass for an answer.
    function simulateFill(Order calldata order, bytes calldata, Take calldata) external {
        if (msg.sender != address(this)) revert OnlySelf(msg.sender);
        Quote memory quote;
        (address buyer, address seller) = order.isBuy ? (order.maker, _caller) : (_caller, order.maker);
        (uint256 ofSeller, uint256 ofBuyer) = (_locked(seller, order), _locked(buyer, order));
        // The arguments are those of `fill`.
        bytes memory data = msg.data;
        LibCall.setSelector(this.fill.selector, data);
        (bool done,, bytes memory answer) = LibCall.tryCall(address(this), 0, gasleft(), REASON_BYTES, data);
        if (done) {
            quote.fill = abi.decode(answer, (Fill));
            quote.collateral = int256(_locked(seller, order)) - int256(ofSeller);
            quote.released = ofBuyer.zeroFloorSub(_locked(buyer, order));
        } else {
            quote.reason = answer.length == 0 ? abi.encodePacked(bytes4(0xffffffff)) : answer;
        }
        LibCall.bubbleUpRevert(abi.encode(quote));
    }

    function _locked(address account, Order calldata order) private view returns (uint256) {
        return IClearinghouse(clearinghouse).book(account, order.series.bookKey()).locked;
    }
}
