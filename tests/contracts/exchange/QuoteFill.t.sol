// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {ExchangeFixture} from "./ExchangeFixture.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice A maker that reverts, when contracts arrive, with what looks like a good quote.
contract Pretender is ERC1155Holder {
    bytes private _answer;

    function setUp(address house, address exchange, bytes calldata answer) external {
        IClearinghouse(house).setOperator(exchange, 1);
        _answer = answer;
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }

    function onERC1155Received(address, address, uint256, uint256, bytes memory) public view override returns (bytes4) {
        bytes memory answer = _answer;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}

contract QuoteFillTest is ExchangeFixture {
    // --- failures ---

    function test_NobodyElseSimulates() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        bytes memory signature = sign(order);
        vm.expectRevert(abi.encodeWithSelector(IExchange.OnlySelf.selector, taker));
        vm.prank(taker);
        exchange.simulateFill(order, signature, buying(1e18));
    }

    function test_GivesTheReasonAndWhatItWouldComeTo() public {
        IExchange.Order memory order = offer(call(3000), 200e18, 0.01e18);
        IExchange.Quote memory q = quote(order, buying(102e18));
        assertEq(q.reason, insufficient(maker, weth, 102e18, 101.02e18), "reason");
        assertEq(q.price, 0.01e18, "price");
        assertEq(q.fill.amount, 102e18, "amount");
        assertEq(q.fill.premium, 1.02e18, "premium");
        assertEq(q.fill.fee, 0.0306e18, "fee");
        order.deadline = START - 1;
        q = quote(order, buying(1e18));
        assertEq(q.reason, abi.encodeWithSelector(IExchange.DeadlinePassed.selector, START - 1, START), "too old");
        assertEq(q.price, 0, "no price");
        assertEq(q.fill.premium, 0, "no premium");
        vm.prank(maker);
        exchange.cancel(order.nonce);
        order.deadline = START;
        q = quote(order, buying(1e18));
        assertEq(q.reason, abi.encodeWithSelector(IExchange.NonceCancelled.selector, maker, order.nonce), "cancelled");
        assertEq(abi.encode(q.fill), abi.encode(IExchange.Fill(0, 0, 0)), "nothing is left");
        assertEq(q.price, 0.01e18, "the price stands all the same");
    }

    function test_SaysWhereAPremiumRoundsToNothing() public {
        IExchange.Quote memory q = quote(bid(put(3000), 1e18, 99e18), selling(1e10));
        assertEq(q.reason, abi.encodeWithSelector(IExchange.NoPremium.selector, 1e10), "reason");
        assertEq(q.fill.amount, 0, "nothing");
    }

    function test_AMakerCannotMakeUpAGoodAnswer() public {
        IExchange.Quote memory made;
        made.fill = IExchange.Fill(1e18, 1, 0);
        bytes[2] memory answers = [abi.encode(made), abi.encode(made.fill)];
        for (uint256 i; i < 2; ++i) {
            Pretender pretender = new Pretender();
            pretender.setUp(address(house), address(exchange), answers[i]);
            vm.prank(maker);
            house.pay(maker, address(pretender), address(weth), 1e18);
            IExchange.Order memory order = bid(call(3000), 1e18, 0.01e18);
            order.maker = address(pretender);
            IExchange.Quote memory q = quote(order, selling(1e18));
            assertGt(q.reason.length, 0, "it fails, whatever it says");
            assertLe(q.reason.length, 260, "no more of it");
        }
    }

    function test_OneThatIsNoSeriesIsRefusedToo() public {
        IExchange.Order memory order = offer(call(2001), 1e18, 0.01e18);
        assertEq(
            quote(order, buying(1e18)).reason,
            abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, call(2001)),
            "unlisted"
        );
    }

    // --- what it does ---

    function test_SaysWhatAFillWillDoAndChangesNothing() public {
        give(maker, call(3000), 1e18);
        write(maker, call(3100), 2e18, HOLDER); // the book has locked something already
        write(taker, call(3000), 5e18, HOLDER);
        IExchange.Order memory order = offer(call(3000), 10e18, 0.01e18);
        IExchange.Take memory take = buying(4e18);
        take.useBook = true;
        uint256 before = free(maker, weth);
        IExchange.Quote memory q = quote(order, take);
        assertEq(q.reason, "", "goes through");
        assertEq(q.price, 0.01e18, "price");
        assertEq(q.collateral, 3e18, "one is held, three are written");
        assertEq(q.released, 4e18, "four are closed");
        assertEq(free(maker, weth), before, "nothing moved");
        assertEq(exchange.remaining(order), 10e18, "nothing filled");
        IExchange.Fill memory filled = fill(order, take);
        assertEq(abi.encode(filled), abi.encode(q.fill), "as it was said");
        assertEq(lockedOf(maker, call(3000)), 2e18 + 3e18, "collateral");
        assertEq(lockedOf(taker, call(3000)), 1e18, "released");
    }

    function test_QuotesForSomebodyElse() public {
        IExchange.Order memory order = offer(call(3000), 10e18, 0.01e18);
        order.taker = HOLDER;
        bytes memory signature = sign(order);
        assertEq(
            exchange.quoteFill(taker, order, signature, buying(1e18)).reason,
            abi.encodeWithSelector(IExchange.NotTaker.selector, HOLDER, taker),
            "not the taker's"
        );
        allow(HOLDER, address(exchange), 1);
        assertEq(exchange.quoteFill(HOLDER, order, signature, buying(1e18)).reason, "", "the holder's");
    }

    /// @dev Whatever the order and the taker: the quote says yes exactly where the fill goes through.
    function testFuzz_AQuoteIsTheFill(uint128 price, uint128 amount, uint256 flags, uint256 limit) public {
        price = uint128(bound(price, 0, 60e18));
        amount = uint128(bound(amount, 0, 400e8)) * 1e10;
        IExchange.Order memory order = flags & 1 == 0 ? offer(put(3000), 300e18, price) : bid(put(3000), 300e18, price);
        order.useBook = flags & 2 == 0;
        if (flags & 4 == 0) give(maker, put(3000), 5e18);
        if (flags & 8 == 0) give(taker, put(3000), 5e18);
        if (flags & 16 == 0) write(taker, put(3000), 7e18, HOLDER);
        IExchange.Take memory take = flags & 1 == 0 ? buying(amount) : selling(amount);
        (take.useBook, take.limit) = (flags & 32 == 0, bound(limit, 0, 20_000e6));
        IExchange.Quote memory q = quote(order, take);
        bytes memory signature = sign(order);
        vm.prank(taker);
        try exchange.fill(order, signature, take) returns (IExchange.Fill memory filled) {
            assertEq(q.reason, "", "said no");
            assertEq(abi.encode(filled), abi.encode(q.fill), "fill");
        } catch (bytes memory why) {
            assertEq(q.reason, why, "reason");
        }
    }
}
