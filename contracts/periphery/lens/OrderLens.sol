// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../interfaces/IExchange.sol";
import {BlockRead} from "../../interfaces/lens/BlockRead.sol";
import {IOrderLens} from "../../interfaces/lens/IOrderLens.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title OrderLens
/// @notice Signed orders as they stand.
contract OrderLens is IOrderLens {
    using FixedPointMathLib for uint256;

    /// @dev One quote's most: a maker's own code, which decides over its signature, is bounded by the Exchange besides.
    uint256 private constant QUOTE_GAS = 2_000_000;
    uint256 private constant RESERVE_GAS = 500_000;
    uint256 private constant AMOUNT_UNIT = 1e10;
    uint256 private constant MOST_STEPS = 64;

    IExchange public immutable exchange;

    constructor(address exchange_) {
        exchange = IExchange(exchange_);
    }

    /// @inheritdoc IOrderLens
    function orders(address taker, OrderQuery[] calldata queries, uint256 from, uint256 precision)
        external
        returns (OrdersView memory v)
    {
        v.readAt = BlockRead(uint64(block.number), uint64(block.timestamp), blockhash(block.number - 1));
        uint256 count = queries.length.zeroFloorSub(from);
        v.orders = new OrderView[](count);
        uint256 steps = precision.min(MOST_STEPS);
        uint256 done;
        for (; done < count && gasleft() > (steps + 2) * QUOTE_GAS + RESERVE_GAS; ++done) {
            v.orders[done] = _order(taker, queries[from + done], steps);
        }
        if (done < count) v.next = from + done;
        OrderView[] memory list = v.orders;
        assembly ("memory-safe") {
            mstore(list, done)
        }
    }

    function _order(address taker, OrderQuery calldata query, uint256 steps) private returns (OrderView memory v) {
        IExchange.Order calldata order = query.order;
        v.hash = exchange.hashOrder(order);
        (v.filled,, v.cancelled) = exchange.nonceState(order.maker, order.nonce);
        if (order.nonce < exchange.nonceFloor(order.maker)) v.cancelled = true;
        v.remaining = exchange.remaining(order);
        try exchange.priceOf{gas: QUOTE_GAS}(order) returns (uint256 price) {
            v.price = price;
        } catch (bytes memory reason) {
            v.priceError = reason;
        }
        if (taker == address(0)) return v;
        v.quote = _quote(taker, query, query.take);
        if (v.remaining != 0) v.fillable = _fillable(taker, query, v.remaining, steps);
    }

    /// @dev All of it, or by halving.
    function _fillable(address taker, OrderQuery calldata query, uint256 remaining, uint256 steps)
        private
        returns (uint256 fills)
    {
        if (_fills(taker, query, remaining)) return remaining;
        uint256 fails = remaining;
        for (uint256 i; i < steps; ++i) {
            uint256 middle = fills.avg(fails) / AMOUNT_UNIT * AMOUNT_UNIT;
            if (middle == fills) break;
            if (_fills(taker, query, middle)) fills = middle;
            else fails = middle;
        }
    }

    function _fills(address taker, OrderQuery calldata query, uint256 amount) private returns (bool) {
        // At most what is left of an order, which is a uint128.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint128 all = uint128(amount);
        IExchange.Take memory take = IExchange.Take({
            amount: all,
            minAmount: all,
            limit: query.order.isBuy ? 0 : type(uint256).max,
            receiver: query.take.receiver,
            useBook: query.take.useBook
        });
        return _quote(taker, query, take).reason.length == 0;
    }

    /// @dev Where even the quote fails the order does.
    function _quote(address taker, OrderQuery calldata query, IExchange.Take memory take)
        private
        returns (IExchange.Quote memory quote)
    {
        try exchange.quoteFill{gas: QUOTE_GAS}(taker, query.order, query.signature, take) returns (
            IExchange.Quote memory found
        ) {
            quote = found;
        } catch (bytes memory reason) {
            quote.reason = reason.length == 0 ? abi.encodePacked(bytes4(0xffffffff)) : reason;
        }
    }
}
