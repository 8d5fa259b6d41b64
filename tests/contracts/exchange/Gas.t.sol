// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";

/// @notice What a fill costs as a whole transaction, with every slot and account cold and the fee on, against the limit of
/// protocol.md section 11. Each call is a transaction of its own: the base fee and the call data count.
/// forge-config: default.isolate = true
contract GasTest is ExchangeFixture {
    event Measured(string what, uint256 gas);

    function setUp() public override {
        super.setUp();
        // 16 other series open, and nobody's first trade.
        for (uint64 i; i < 16; ++i) {
            fill(offer(call(2000 + 100 * i), 1e18, 0.01e18), 1e18);
        }
        fill(offer(call(3000), 1e18, 0.01e18), 1e18);
        // Every balance and leg of the series is there, on both sides.
        give(maker, call(3000), 1e18);
        write(taker, call(3000), 1e18, OPERATOR);
    }

    function _within(string memory what, uint256 limit) private {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit Measured(what, used);
        vm.snapshotValue("Exchange", what, used);
        assertLe(used, limit, what);
    }

    function test_FillsAnOfferThatItsMakerWrites() public {
        IExchange.Order memory order = offer(call(3000), 4e18, 0.01e18);
        approveTokens(maker, false);
        fill(order, 1e18);
        _within("buy from an offer, its first fill, written", 170_000);
        fill(order, 1e18);
        _within("buy from an offer, written", 140_000);
    }

    function test_FillsAnOfferOfHeldTokens() public {
        IExchange.Order memory order = offer(call(3000), 4e18, 0.01e18);
        order.useBook = false;
        give(maker, call(3000), 3e18);
        fill(order, 1e18);
        fill(order, 1e18);
        _within("buy from an offer, held tokens", 140_000);
    }

    function test_FillsABid() public {
        IExchange.Order memory order = bid(call(3000), 4e18, 0.01e18);
        approveTokens(taker, false);
        fill(order, 1e18);
        fill(order, 1e18);
        _within("sell to a bid, written", 140_000);
        approveTokens(taker, true);
        fill(order, 1e18);
        _within("sell to a bid, held tokens", 140_000);
    }

    function test_FillsAtAVolatility() public {
        IExchange.Order memory order = atVolatility(offer(call(3000), 4e18, 0), 0.6e18);
        fill(order, 1e18);
        fill(order, 1e18);
        _within("buy from an offer at a volatility", 190_000);
    }
}
