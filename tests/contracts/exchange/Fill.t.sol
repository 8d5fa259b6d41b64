// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Fills at a premium.
contract FillTest is ExchangeFixture {
    // --- failures ---

    function test_RefusesWhoIsNotItsTaker() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        order.taker = HOLDER;
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.NotTaker.selector, HOLDER, taker));
    }

    function test_RefusesItsMaker() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        bytes memory signature = sign(order);
        vm.expectRevert(abi.encodeWithSelector(IExchange.SelfTrade.selector, maker));
        vm.prank(maker);
        exchange.fill(order, signature, buying(1e18));
    }

    function test_RefusesASecondAfterItsDeadline() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        order.deadline = START + 60;
        vm.warp(START + 60);
        fill(order, 1e18);
        vm.warp(START + 61);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.DeadlinePassed.selector, START + 60, START + 61));
    }

    function test_RefusesFromExpiryOn() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        vm.warp(EXPIRY - 1);
        fill(order, 1e18);
        vm.warp(EXPIRY);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.SeriesExpired.selector, call(3000)));
    }

    function test_RefusesWhatItsMakerDidNotSign() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        bytes memory signature = sign(order);
        order.limit -= 1;
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, maker));
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
    }

    function test_RefusesAmountsThatAreNone() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        uint128[3] memory amounts = [uint128(0), 1, 1e10 + 1];
        for (uint256 i; i < amounts.length; ++i) {
            expectRefused(order, amounts[i], abi.encodeWithSelector(IExchange.BadAmount.selector, amounts[i]));
        }
        // An order may be for what it likes; what is filled is counted in units.
        order.amount = 1e10 + 1;
        IExchange.Take memory take = buying(1e18);
        take.minAmount = 0;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.BadAmount.selector, 1e10 + 1));
        order.amount = 1 << 127;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.BadAmount.selector, 0));
    }

    function test_RefusesLessThanTheTakerWants() public {
        IExchange.Order memory order = offer(call(3000), 3e18, 0.01e18);
        fill(order, 2e18);
        expectRefused(order, 2e18, abi.encodeWithSelector(IExchange.AmountBelowMinimum.selector, 1e18, 2e18));
        fill(order, 1e18);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.AmountBelowMinimum.selector, 0, 1e18));
    }

    function test_RefusesATokenOfNoSide() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        order.premiumToken = address(token);
        expectRefused(order, 1e18, abi.encodeWithSelector(IExchange.BadPremiumToken.selector, address(token)));
    }

    function test_RefusesAMoreThanTheTakersLimit() public {
        IExchange.Order memory order = offer(call(3000), 10e18, 0.01e18);
        IExchange.Take memory take = buying(2e18);
        // 2 * 0.01, and 0.03 % of two bases
        take.limit = 0.0206e18 - 1;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.CostAboveLimit.selector, 0.0206e18, take.limit));
        take.limit = 0.0206e18;
        fill(order, take);
    }

    function test_RefusesLessThanTheTakersLimit() public {
        IExchange.Order memory order = bid(call(3000), 10e18, 0.01e18);
        IExchange.Take memory take = selling(2e18);
        take.limit = 0.0194e18 + 1;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.ProceedsBelowLimit.selector, 0.0194e18, take.limit));
        take.limit = 0.0194e18;
        fill(order, take);
    }

    function test_ALimitIsProRataWhereLessIsLeft() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        IExchange.Take memory take = buying(4e18);
        take.minAmount = 1e18;
        take.limit = 4 * 0.0103e18 - 4;
        expectRefused(order, take, abi.encodeWithSelector(IExchange.CostAboveLimit.selector, 0.0103e18, 0.0103e18 - 1));
        take.limit += 1; // a quarter of it, rounded up, is the cost
        assertEq(fill(order, take).amount, 1e18, "what was left");
    }

    function test_RefusesABidForNothing() public {
        // 1e-8 contracts at 99 USDC come to 0.99 units.
        expectRefused(bid(put(3000), 1e18, 99e18), 1e10, abi.encodeWithSelector(IExchange.NoPremium.selector, 1e10));
        assertEq(fill(bid(put(3000), 1e18, 100e18), 1e10).premium, 1, "a unit");
    }

    function test_RefusesASellerWithoutContracts() public {
        IExchange.Order memory order = offer(call(3000), 2e18, 0.01e18);
        order.useBook = false;
        give(maker, call(3000), 1e18);
        expectRefused(
            order,
            2e18,
            abi.encodeWithSelector(
                IERC1155Errors.ERC1155InsufficientBalance.selector, maker, 1e18, 2e18, SeriesId.unwrap(call(3000))
            )
        );
        approveTokens(maker, false);
        expectRefused(
            order,
            1e18,
            abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, address(exchange), maker)
        );
    }

    function test_RefusesWhatTheWriterCannotCover() public {
        // A hundred and the premium are free, a hundred and two would be locked.
        expectRefused(offer(call(3000), 200e18, 0.01e18), 102e18, insufficient(maker, weth, 102e18, 101.02e18));
        expectRefused(bid(call(3000), 200e18, 0.01e18), 102e18, insufficient(taker, weth, 102e18, 100.9894e18));
    }

    function test_RefusesABuyerWithoutMoney() public {
        expectRefused(offer(call(3000), 1e18, 101e18), 1e18, insufficient(taker, weth, 101e18, 100e18));
        expectRefused(bid(call(3000), 1e18, 101e18), 1e18, insufficient(maker, weth, 100.9997e18, 100e18));
    }

    function test_RefusesAWriterAfterItsOperatorsRightsAreGone() public {
        allow(maker, address(exchange), 0);
        expectRefused(offer(call(3000), 1e18, 0.01e18), 1e18, notAuthorised(maker, address(exchange), 1));
        allow(taker, address(exchange), 2);
        expectRefused(offer(call(3000), 1e18, 0.01e18), 1e18, notAuthorised(taker, address(exchange), 1));
    }

    function test_RefusesANewContractOfAnUnlistedSeriesOrWhilePaused() public {
        expectRefused(
            offer(call(2001), 1e18, 0.01e18),
            1e18,
            abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, call(2001))
        );
        give(maker, call(3000), 1e18);
        house.setWritesPaused(true);
        expectRefused(offer(call(3000), 2e18, 0.01e18), 2e18, err(IClearinghouse.Paused.selector));
        fill(offer(call(3000), 1e18, 0.01e18), 1e18); // what is held changes hands all the same
    }

    function test_RefusesASeventeenthLeg() public {
        net(maker, put(2000), none());
        for (uint64 i; i < 16; ++i) {
            fill(offer(put(2000 + 100 * i), 1e18, 10e18), 1e18);
        }
        IExchange.Order memory order = offer(put(3600), 1e18, 10e18);
        bytes memory why = abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, 17, 16);
        expectRefused(order, 1e18, why);
        assertEq(quote(order, buying(1e18)).reason, why, "and the quote says so");
    }

    function test_RefusesAReceiverOfNothing() public {
        IExchange.Take memory take = selling(1e18);
        take.receiver = address(0);
        expectRefused(
            bid(call(3000), 1e18, 0.01e18),
            take,
            abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0))
        );
    }

    // --- what it does ---

    function test_BuysFromAWriter() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.01e18);
        vm.expectEmit(address(exchange));
        emit IExchange.OrderFilled(maker, order.nonce, exchange.hashOrder(order), 2e18, 2e18);
        vm.expectEmit(address(exchange));
        emit IExchange.Traded(
            call(3000), taker, maker, taker, IExchange.Taker.BUYER, address(weth), 2e18, 0.02e18, 0.0006e18, 0, 0
        );
        IExchange.Fill memory filled = fill(order, 2e18);
        assertEq(filled.amount, 2e18, "amount");
        assertEq(filled.premium, 0.02e18, "premium");
        assertEq(filled.fee, 0.0006e18, "fee");
        assertEq(held(taker, call(3000)), 2e18, "contracts");
        assertEq(free(taker, weth), FUNDS_WETH - 0.0206e18, "the taker pays the fee on top");
        assertEq(free(maker, weth), FUNDS_WETH + 0.02e18 - 2e18, "the maker its limit, less what it locks");
        assertEq(pot(weth), 0.0006e18, "pot");
        assertEq(exchange.remaining(order), 3e18, "left");
        (uint256 filled_, uint128 bound, bool cancelled) = exchange.nonceState(maker, order.nonce);
        assertEq(filled_, 2e18, "filled");
        assertEq(bound, lowHash(order), "bound to the order");
        assertFalse(cancelled, "stands");
    }

    function test_SellsToABidder() public {
        IExchange.Order memory order = bid(put(3000), 5e18, 40e18);
        vm.expectEmit(address(exchange));
        emit IExchange.Traded(
            put(3000), maker, taker, taker, IExchange.Taker.SELLER, address(usdc), 2e18, 80e6, 1.8e6, 0, 0
        );
        fill(order, 2e18);
        assertEq(held(maker, put(3000)), 2e18, "contracts");
        assertEq(free(maker, usdc), FUNDS_USDC - 80e6, "the maker pays its limit");
        // 0.03 % of two strikes are 1.8, an eighth of the premium is 10
        assertEq(free(taker, usdc), FUNDS_USDC + 80e6 - 1.8e6 - 6000e6, "the fee comes out of what the taker gets");
        assertEq(pot(usdc), 1.8e6, "pot");
    }

    function test_SellsWhatIsHeldFirstAndWritesTheRest() public {
        give(maker, call(3000), 3e18);
        fill(offer(call(3000), 5e18, 0.01e18), 5e18);
        assertEq(held(maker, call(3000)), 0, "sold");
        assertEq(lockedOf(maker, call(3000)), 2e18, "written");
        assertEq(held(taker, call(3000)), 5e18, "delivered");
        give(taker, call(3000), 1e18);
        fill(bid(call(3000), 9e18, 0.01e18), 9e18);
        assertEq(held(taker, call(3000)), 0, "sold again");
        assertEq(lockedOf(taker, call(3000)), 3e18, "and written");
    }

    function test_WritesAllWhereItsTokensAreNotApproved() public {
        approveTokens(maker, false);
        give(maker, call(3000), 3e18);
        fill(offer(call(3000), 5e18, 0.01e18), 5e18);
        assertEq(held(maker, call(3000)), 3e18, "kept");
        assertEq(lockedOf(maker, call(3000)), 5e18, "written");
    }

    function test_APremiumPaysForCollateral() public {
        // 100 are free. 101 contracts at 0.02 bring 2.02.
        fill(offer(call(3000), 101e18, 0.02e18), 101e18);
        assertEq(lockedOf(maker, call(3000)), 101e18, "locked");
    }

    function test_DeliversAndPaysToTheTakersReceiver() public {
        IExchange.Take memory take = buying(1e18);
        take.receiver = STRANGER;
        fill(offer(call(3000), 1e18, 0.01e18), take);
        assertEq(held(STRANGER, call(3000)), 1e18, "contracts");
        take = selling(1e18);
        take.receiver = STRANGER;
        fill(bid(call(3000), 1e18, 0.01e18), take);
        assertEq(free(STRANGER, weth), 0.0097e18, "proceeds");
    }

    function test_PremiumInTheOtherToken() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 30e18);
        order.premiumToken = address(usdc);
        fill(order, 1e18);
        assertEq(free(maker, usdc), FUNDS_USDC + 30e6, "a call for quote");
        assertEq(pot(usdc), 0.9e6, "0.03 % of the strike, in the pot that holds quote");
        assertEq(pot(weth), 0, "and nothing in the other");
        order = offer(put(3000), 1e18, 0.02e18);
        order.premiumToken = address(weth);
        fill(order, 1e18);
        assertEq(free(maker, weth), FUNDS_WETH + 0.02e18 - 1e18, "a put for base");
        assertEq(pot(weth), 0.0003e18, "0.03 % of one base");
    }

    function test_AsksMarketsForATokenOnce() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.01e18);
        fill(order, 1e18);
        vm.expectCall(address(markets), abi.encodeCall(IMarkets.settlementAsset, (ETH, Side.CALL)), 0);
        fill(order, 1e18);
    }

    function test_TheFeeIsAShareOfASmallPremium() public {
        IExchange.Fill memory filled = fill(offer(call(3000), 1e18, 0.001e18), 1e18);
        assertEq(filled.fee, 0.000125e18, "an eighth");
        filled = fill(offer(put(2000), 1e18, 1), 1e10);
        assertEq(filled.premium, 1, "nothing has no premium");
        assertEq(filled.fee, 1, "nor a trade no fee");
    }

    // --- closing ---

    function test_ABuyerClosesWhatItHasWritten() public {
        write(taker, call(3000), 3e18, HOLDER);
        IExchange.Take memory take = buying(2e18);
        take.useBook = true;
        fill(offer(call(3000), 9e18, 0.01e18), take);
        assertEq(lockedOf(taker, call(3000)), 1e18, "closed");
        assertEq(held(taker, call(3000)), 0, "nothing delivered");
        assertEq(lockedOf(maker, call(3000)), 2e18, "written by the maker instead");
        take.amount = 4e18;
        take.receiver = STRANGER;
        fill(offer(call(3000), 9e18, 0.01e18), take);
        assertEq(lockedOf(taker, call(3000)), 0, "closed as far as it goes");
        assertEq(held(STRANGER, call(3000)), 3e18, "the rest delivered");
    }

    function test_ABuyerThatDoesNotAskKeepsWhatItHasWritten() public {
        write(taker, call(3000), 3e18, HOLDER);
        fill(offer(call(3000), 2e18, 0.01e18), buying(2e18));
        assertEq(lockedOf(taker, call(3000)), 3e18, "kept");
        assertEq(held(taker, call(3000)), 2e18, "delivered");
    }

    function test_ABidClosesWithTheTakersTokens() public {
        write(maker, put(3000), 3e18, taker);
        IExchange.Order memory order = bid(put(3000), 5e18, 40e18);
        order.useBook = true;
        approveTokens(taker, false);
        IExchange.Take memory take = selling(2e18);
        take.useBook = false;
        fill(order, take); // burned against the leg: needs no approval
        assertEq(lockedOf(maker, put(3000)), 3000e6, "closed");
        assertEq(held(taker, put(3000)), 1e18, "burned");
        approveTokens(taker, true);
        take = selling(3e18);
        fill(order, take);
        assertEq(lockedOf(maker, put(3000)), 0, "closed with the last that is held");
        assertEq(held(maker, put(3000)), 2e18, "and the rest, written, delivered");
        assertEq(lockedOf(taker, put(3000)), 6000e6, "by the taker");
    }

    function test_ClosesInANettedBook() public {
        fill(offer(put(3000), 2e18, 40e18), 2e18);
        net(maker, put(3000), strikes1(3000));
        IExchange.Order memory order = bid(put(3000), 3e18, 40e18);
        order.useBook = true;
        fill(order, 3e18);
        assertEq(lockedOf(maker, put(3000)), 0, "closed");
        assertEq(held(maker, put(3000)), 1e18, "the rest delivered");
    }

    function test_ABuyerWithNothingWrittenGetsContracts() public {
        IExchange.Take memory take = buying(2e18);
        take.useBook = true;
        fill(offer(call(3000), 2e18, 0.01e18), take);
        assertEq(held(taker, call(3000)), 2e18, "delivered");
    }
}
