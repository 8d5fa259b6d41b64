// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../IExchange.sol";
import {BlockRead} from "./BlockRead.sol";

/// @notice Signed orders as they stand: what is left of them, what they are worth, and whether they would fill.
interface IOrderLens {
    /// @param take How they would be taken; its amount may be more than is left.
    struct OrderQuery {
        IExchange.Order order;
        bytes signature;
        IExchange.Take take;
    }

    /// @param hash What the maker signed.
    /// @param filled Contracts filled under its nonce, WAD.
    /// @param cancelled Whether its nonce is cancelled, or below the maker's floor.
    /// @param remaining Contracts left; zero where cancelled or where another order holds the nonce.
    /// @param price Executable premium a contract now, WAD of the premium token; zero where `priceError` says why not.
    /// @param fillable The most contracts found, up to what is left, that would fill for the taker now, whatever its limit.
    /// @param quote What the take would do, and why not where it would fail; empty without a taker.
    struct OrderView {
        bytes32 hash;
        uint256 filled;
        bool cancelled;
        uint256 remaining;
        uint256 price;
        bytes priceError;
        uint256 fillable;
        IExchange.Quote quote;
    }

    /// @param next The number of the order to begin the next call with; zero when this was the last.
    struct OrdersView {
        BlockRead readAt;
        OrderView[] orders;
        uint256 next;
    }

    /// @notice Orders for a taker, from number `from` on. Changes nothing, and is no view only because the Exchange finds out
    /// by making the fill and reverting it: call it by `eth_call`. Ends early, with `next`, where the gas runs short.
    /// @param taker Who would fill; zero to look at the orders alone.
    /// @param precision How often the amount between what fills and what does not is halved where all of it does not; each
    /// takes one more quote. At most 64.
    function orders(address taker, OrderQuery[] calldata queries, uint256 from, uint256 precision)
        external
        returns (OrdersView memory);
}
