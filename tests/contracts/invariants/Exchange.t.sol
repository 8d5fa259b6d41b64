// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture} from "../exchange/ExchangeFixture.sol";
import {ExchangeHandler} from "./ExchangeHandler.sol";

/// @notice What must always hold of the Exchange, whatever four makers and takers sign, fill, match and cancel.
contract ExchangeInvariants is ExchangeFixture {
    ExchangeHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new ExchangeHandler(
            ExchangeHandler.World(exchange, house, feed, address(weth), address(usdc), ETH, EXPIRY)
        );
        for (uint256 i; i < 4; ++i) {
            fund(_handler.actor(i));
            trust(_handler.actor(i));
        }
        feed.transferOwnership(address(_handler));
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = ExchangeHandler.sign.selector;
        selectors[1] = ExchangeHandler.fill.selector;
        selectors[2] = ExchangeHandler.fillTwo.selector;
        selectors[3] = ExchangeHandler.matchTwo.selector;
        selectors[4] = ExchangeHandler.quote.selector;
        selectors[5] = ExchangeHandler.cancel.selector;
        selectors[6] = ExchangeHandler.send.selector;
        selectors[7] = ExchangeHandler.moveSpot.selector;
        targetHandler(address(_handler), selectors);
        // A start from which the first calls can already fill and match.
        for (uint256 i; i < 12; ++i) {
            uint256 flags = (i % 2) | 2 | 4 | (i << 8);
            _handler.sign(i, i / 3, i % 2 == 1 ? type(uint128).max : 1, 10e8, flags);
        }
    }

    function invariant_AnOrderFillsAtMostItsSizeAtItsLimitAndNothingStays() public view {
        assertEq(_handler.broken(), "", "broken");
        _whatIsKnownOfANonceIsWhatWasFilled();
        _nothingStaysInTheExchange();
        _nothingIsMadeAndNothingIsLost();
    }

    function _whatIsKnownOfANonceIsWhatWasFilled() private view {
        for (uint256 i; i < 24; ++i) {
            (address account, uint64 nonce) = (_handler.actor(i / 6), uint64(i % 6));
            (uint256 filled, uint128 boundHash,) = exchange.nonceState(account, nonce);
            assertEq(filled, _handler.filled(account, nonce), "filled");
            uint256 which = _handler.boundTo(account, nonce);
            if (which == 0) {
                assertEq(boundHash, 0, "bound to nothing");
                continue;
            }
            IExchange.Order memory order = _handler.orderAt(which - 1);
            assertEq(boundHash, lowHash(order), "bound to the first");
            assertLe(exchange.remaining(order), order.amount - filled, "left");
        }
    }

    function _nothingStaysInTheExchange() private view {
        assertEq(free(address(exchange), weth) + free(address(exchange), usdc), 0, "free");
        assertEq(weth.balanceOf(address(exchange)) + usdc.balanceOf(address(exchange)), 0, "tokens");
        for (uint256 i; i < 4; ++i) {
            assertEq(held(address(exchange), _handler.seriesAt(i)), 0, "contracts");
        }
    }

    function _nothingIsMadeAndNothingIsLost() private view {
        uint256[2] memory sums = [pot(weth), pot(usdc)];
        for (uint256 i; i < 4; ++i) {
            sums[0] += _handler.wealth(_handler.actor(i), address(weth));
            sums[1] += _handler.wealth(_handler.actor(i), address(usdc));
        }
        // Who matches is the handler.
        assertEq(sums[0] + free(address(_handler), weth), 4 * FUNDS_WETH, "base");
        assertEq(sums[1] + free(address(_handler), usdc), 4 * FUNDS_USDC, "quote");
        for (uint256 s; s < 4; ++s) {
            int256 net_;
            for (uint256 i; i < 4; ++i) {
                net_ += _handler.contractsOf(_handler.actor(i), _handler.seriesAt(s));
            }
            assertEq(net_, 0, "longs equal shorts");
        }
    }

    /// @dev Each action goes through at least once along a straight road: a campaign of refusals would show nothing.
    function test_EveryActionCanGoThrough() public {
        // The makers of the start are 0..3 in turn; even ones offer, odd ones bid, three orders a series.
        _handler.fill(0, 1, 1e8, 3);
        _handler.fill(1, 2, 1e8, 1);
        _handler.fillTwo(2, 3, 1e8, 3);
        _handler.matchTwo(1, 0, 1e8);
        _handler.quote(0, 1, 1e8, 3);
        _handler.send(1, 2, 0, 1e8);
        _handler.moveSpot(3100, 60);
        _handler.sign(0, 0, 0.6e18, 1e8, 24 | 2 | 4 | (5 << 8));
        _handler.fill(12, 1, 1e8, 3);
        _handler.cancel(0, 0, false);
        _handler.cancel(0, 0, true);
        bytes32[7] memory names = [bytes32("sign"), "fill", "fillTwo", "match", "quote", "send", "cancel"];
        for (uint256 i; i < names.length; ++i) {
            assertGt(_handler.done(names[i]), 0, string(abi.encodePacked(names[i])));
        }
        assertEq(_handler.done("fill"), 3, "all three");
        invariant_AnOrderFillsAtMostItsSizeAtItsLimitAndNothingStays();
    }
}
