// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../../../contracts/interfaces/IVolatilityOracle.sol";
import {OptionPricing} from "../../../contracts/libraries/OptionPricing.sol";
import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";

/// @notice Orders priced at the moment of the fill.
contract VolatilityOrdersTest is ExchangeFixture {
    function _offer(SeriesId series) private returns (IExchange.Order memory) {
        return atVolatility(offer(series, 10e18, 0), 0.6e18);
    }

    function _bid(SeriesId series) private returns (IExchange.Order memory) {
        return atVolatility(bid(series, 10e18, 0), 0.6e18);
    }

    function _value(SeriesId series, uint256 spot, int40 carry) private view returns (uint256) {
        return OptionPricing.valueAtVolatility(
            spot, series.strikeWad(), series.side(), 0.6e18, carry, EXPIRY, block.timestamp
        );
    }

    // --- failures ---

    function test_RefusesAVolatilityThatIsNone() public {
        IExchange.Order memory order = _offer(call(3000));
        order.limit = 10e18 + 1;
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.VolatilityOutOfRange.selector, 10e18 + 1));
        order.limit = 10e18;
        fill(order, 1e18);
    }

    function test_RefusesASpotOutsideOfWhatWasSigned() public {
        IExchange.Order memory order = _offer(call(3000));
        (order.minSpot, order.maxSpot) = (3000e18 + 1, 4000e18);
        expectRefused(
            order, 1e18, abi.encodeWithSelector(IExchange.SpotOutOfRange.selector, 3000e18, 3000e18 + 1, 4000e18)
        );
        (order.minSpot, order.maxSpot) = (2000e18, 3000e18 - 1);
        expectRefused(
            order, 1e18, abi.encodeWithSelector(IExchange.SpotOutOfRange.selector, 3000e18, 2000e18, 3000e18 - 1)
        );
        (order.minSpot, order.maxSpot) = (3000e18, 3000e18);
        fill(order, 1e18);
    }

    function test_RefusesAnOlderFeedThanWasSigned() public {
        IExchange.Order memory order = _offer(call(3000));
        order.maxFeedAge = 60;
        vm.warp(START + 60);
        fill(order, 1e18);
        vm.warp(START + 61);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.FeedTooOld.selector, START, 60));
        feed.post(3000e8);
        fill(order, 1e18);
    }

    function test_RefusesAFeedThatIsStaleForAll() public {
        vm.warp(START + 7201);
        expectRefused(_offer(call(3000)), 1e18, abi.encodeWithSelector(IMarkets.StalePrice.selector, START, 7200));
        fill(offer(call(3000), 1e18, 0.01e18), 1e18); // a premium needs no feed
    }

    function test_RefusesACarryOutsideOfWhatWasSigned() public {
        IExchange.Order memory order = _offer(call(3000));
        order.storedCarry = true;
        (order.minCarry, order.maxCarry) = (0.03e9 + 1, 1e9);
        expectRefused(
            order,
            1e18,
            abi.encodeWithSelector(IExchange.CarryOutOfRange.selector, int40(0.03e9), int40(0.03e9 + 1), int40(1e9))
        );
        (order.minCarry, order.maxCarry) = (-1e9, 0.03e9 - 1);
        expectRefused(
            order,
            1e18,
            abi.encodeWithSelector(IExchange.CarryOutOfRange.selector, int40(0.03e9), int40(-1e9), int40(0.03e9 - 1))
        );
        order.maxCarry = 0.03e9;
        fill(order, 1e18);
        // One's own carry is one number.
        order = _offer(call(3000));
        (order.minCarry, order.maxCarry) = (0.03e9, 0.03e9 - 1);
        expectRefused(
            order,
            1e18,
            abi.encodeWithSelector(IExchange.CarryOutOfRange.selector, int40(0.03e9), int40(0.03e9), int40(0.03e9 - 1))
        );
    }

    function test_RefusesAStaleSliceWhereItsCarryIsAskedFor() public {
        IExchange.Order memory order = _offer(call(3000));
        order.storedCarry = true;
        order.maxCarry = 1e9;
        vm.warp(START + 6 hours + 1);
        feed.post(3000e8);
        expectRefused(order, 1e18, abi.encodeWithSelector(IVolatilityOracle.StaleSlice.selector, ETH, EXPIRY, START));
        fill(_offer(call(3000)), 1e18); // a maker with a carry of its own needs none
        postCarry(0.03e9);
        fill(order, 1e18);
    }

    function test_RefusesAPremiumOutsideOfWhatWasSigned() public {
        IExchange.Order memory order = _offer(call(3000));
        uint256 price = exchange.priceOf(order);
        order.minPremium = uint128(price + 1);
        expectRefused(
            order,
            1e18,
            abi.encodeWithSelector(IExchange.PremiumOutOfRange.selector, price, price + 1, type(uint128).max)
        );
        (order.minPremium, order.maxPremium) = (0, uint128(price - 1));
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.PremiumOutOfRange.selector, price, 0, price - 1));
        (order.minPremium, order.maxPremium) = (uint128(price), uint128(price));
        fill(order, 1e18);
    }

    function test_RefusesAnEdgeThatIsNone() public {
        IExchange.Order memory order = _bid(call(3000));
        order.spotEdge = 1e18;
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.SpotEdgeOutOfRange.selector, 1e18));
    }

    function test_RefusesFromTheCutoffOn() public {
        IExchange.Order memory order = _offer(call(3000));
        // half an hour, and the feed's two
        vm.warp(EXPIRY - 9000 - 1);
        feed.post(3000e8);
        fill(order, 1e18);
        vm.warp(EXPIRY - 9000);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.TradingCutoff.selector, EXPIRY));
        fill(offer(call(3000), 1e18, 0.01e18), 1e18); // not an order at a premium
    }

    function test_APriceFailsAsAFillDoes() public {
        IExchange.Order memory order = _offer(call(3000));
        order.deadline = START - 1;
        vm.expectRevert(abi.encodeWithSelector(IExchange.DeadlinePassed.selector, START - 1, START));
        exchange.priceOf(order);
        order.deadline = START;
        order.maxSpot = 1;
        vm.expectPartialRevert(IExchange.SpotOutOfRange.selector);
        exchange.priceOf(order);
        order.premiumToken = STRANGER;
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadPremiumToken.selector, STRANGER));
        exchange.priceOf(order);
        order.series = SeriesId.wrap(0);
        vm.expectRevert(abi.encodeWithSelector(IExchange.SeriesExpired.selector, 0));
        exchange.priceOf(order);
    }

    // --- what it does ---

    function test_FillsAtTheVolatilityWhereverSpotIs() public {
        IExchange.Order memory order = _offer(call(3000));
        uint256[3] memory spots = [uint256(3000), 3300, 2700];
        for (uint256 i; i < spots.length; ++i) {
            feed.post(int256(spots[i] * 1e8));
            uint256 price = _value(call(3000), spots[i] * 1e18, 0);
            assertEq(exchange.priceOf(order), price, "price");
            assertEq(fill(order, 1e18).premium, price, "premium");
        }
    }

    /// @dev The vault's own mark, at the volatility that the surface has there and the carry that is stored.
    function test_IsPricedAsTheVaultPrices() public {
        SeriesId[2] memory list = [call(3300), put(2700)];
        for (uint256 i; i < 2; ++i) {
            IVolatilityOracle.Slice memory slice = oracle.slice(ETH, EXPIRY);
            skip(1 hours);
            feed.post(3000e8);
            (uint256 mark,,, uint256 volatility) =
                OptionPricing.mark(3000e18, list[i].strikeWad(), list[i].side(), slice, EXPIRY, vm.getBlockTimestamp());
            IExchange.Order memory order = _offer(list[i]);
            (order.storedCarry, order.minCarry, order.maxCarry) = (true, -1e9, 1e9);
            order.limit = uint128(volatility);
            assertApproxEqAbs(exchange.priceOf(order), mark, 3000, "to the last digits");
        }
    }

    function test_TheEdgeIsAgainstTheTaker() public {
        SeriesId[2] memory list = [call(3000), put(3000)];
        for (uint256 i; i < 2; ++i) {
            bool isCall = list[i].side() == Side.CALL;
            IExchange.Order memory order = _offer(list[i]);
            uint256 flat = exchange.priceOf(order);
            order.spotEdge = 0.01e18;
            assertEq(exchange.priceOf(order), _value(list[i], isCall ? 3030e18 : 2970e18, 0), "sold");
            assertGt(exchange.priceOf(order), flat, "dearer");
            order = _bid(list[i]);
            order.spotEdge = 0.01e18;
            assertEq(exchange.priceOf(order), _value(list[i], isCall ? 2970e18 : 3030e18, 0), "bought");
            assertLt(exchange.priceOf(order), flat, "cheaper");
        }
    }

    function test_APremiumInTheOtherTokenGoesBySpot() public {
        IExchange.Order memory order = _offer(call(3000));
        uint256 inBase = exchange.priceOf(order);
        order.premiumToken = address(usdc);
        assertEq(exchange.priceOf(order), inBase * 3000, "a call in quote");
        order.spotEdge = 0.01e18;
        assertEq(exchange.priceOf(order), _value(call(3000), 3030e18, 0) * 3030, "at the edge");
        order = _offer(put(3000));
        uint256 inQuote = exchange.priceOf(order);
        order.premiumToken = address(weth);
        assertEq(exchange.priceOf(order), (inQuote + 2999) / 3000, "a put in base, rounded to who sells");
        order = _bid(put(3000));
        order.premiumToken = address(weth);
        assertEq(exchange.priceOf(order), inQuote / 3000, "rounded to who buys");
        fill(order, 1e18);
        assertEq(free(maker, weth), FUNDS_WETH - inQuote / 3000, "paid in base");
    }

    function test_AnnouncesTheSpotAndKeepsIt() public {
        skip(10 minutes);
        uint80 round = feed.post(3100e8);
        vm.expectEmit(address(markets));
        emit IMarkets.Checkpointed(ETH, 1, round, 3100e18);
        IExchange.Order memory order = _offer(call(3000));
        uint256 price = _value(call(3000), 3100e18, 0);
        vm.expectEmit(address(exchange));
        emit IExchange.Traded(
            call(3000), taker, maker, taker, IExchange.Taker.BUYER, address(weth), 1e18, price, 0.0003e18, 0, 3100e18
        );
        fill(order, 1e18);
    }
}
