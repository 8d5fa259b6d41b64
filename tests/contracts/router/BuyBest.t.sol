// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {RouterFixture} from "./RouterFixture.sol";

contract RouterBuyBestTest is RouterFixture {
    // --- refused ---

    function test_RefusesAfterTheDeadline() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        t.deadline = vm.getBlockTimestamp() - 1;
        vm.expectRevert(abi.encodeWithSelector(IRouter.DeadlinePassed.selector, t.deadline, vm.getBlockTimestamp()));
        buyBest(t, none());
    }

    function test_RefusesNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IRouter.BadAmount.selector, 0));
        buyBest(trade(call3000, 0, MOST), none());
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        vm.expectRevert(abi.encodeWithSelector(IRouter.BadAmount.selector, 0));
        vm.prank(carol);
        router.buyBest(t, none(), paying(address(weth), 0), payout(address(weth)));
    }

    function test_RefusesTooManyOrders() public {
        uint256 limit = router.MAX_ORDERS();
        IRouter.Signed[] memory list = new IRouter.Signed[](limit + 1);
        vm.expectRevert(abi.encodeWithSelector(IRouter.TooManyOrders.selector, limit + 1, limit));
        buyBest(trade(call3000, 1e18, MOST), list);
    }

    function test_RefusesAValueThatIsNotThePayment() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        vm.expectRevert(abi.encodeWithSelector(IRouter.WrongValue.selector, 1e18, 2e18));
        vm.prank(carol);
        router.buyBest{value: 1e18}(t, none(), paying(address(0), 2e18), payout(address(0)));
        vm.expectRevert(abi.encodeWithSelector(IRouter.WrongValue.selector, 1e18, 0));
        vm.prank(carol);
        router.buyBest{value: 1e18}(t, none(), paying(address(weth), 1e18), payout(address(0)));
    }

    function test_RefusesAPaymentInAnotherTokenWithoutASwap() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        vm.expectRevert(abi.encodeWithSelector(IRouter.SwapMismatch.selector, address(usdc), address(weth)));
        vm.prank(carol);
        router.buyBest(t, none(), paying(address(usdc), 3000e6), payout(address(weth)));
    }

    function test_HoldsTheLimit() public {
        uint256 cost = askOf(call3000, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IRouter.CostAboveLimit.selector, cost, cost - 1));
        buyBest(trade(call3000, 1e18, cost - 1), none());
        assertEq(buyBest(trade(call3000, 1e18, cost), none()), cost, "exactly the limit");
    }

    /// Somebody buys before: the quote of a moment ago no longer holds, and the limit does.
    function test_HoldsTheLimitThroughASandwich() public {
        uint256 cost = askOf(call3000, 5e18);
        buy(calls, call3000, 10e18);
        assertGt(askOf(call3000, 5e18), cost);
        vm.expectPartialRevert(IRouter.CostAboveLimit.selector);
        buyBest(trade(call3000, 5e18, cost), none());
    }

    function test_RefusesWhatOrdersAloneDoNotFill() public {
        IRouter.Trade memory t = trade(call3000, 3e18, MOST);
        t.vault = address(0);
        IRouter.Signed memory signed = offer(call3000, 2e18, 0.01e18);
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotFilled.selector, 1e18));
        buyBest(t, one(signed));
    }

    function test_RefusesToTryAnOrderWithTooLittleGas() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        t.gasPerOrder = 1e12;
        IRouter.Signed memory signed = offer(call3000, 1e18, 0.01e18);
        vm.expectPartialRevert(IRouter.NotEnoughGas.selector);
        buyBest(t, one(signed));
    }

    // --- from the vault ---

    function test_BuysFromTheVaultWithCoins() public {
        uint256 cost = askOf(call3000, 1e18);
        uint256 coins = carol.balance;
        assertEq(buyNative(trade(call3000, 1e18, cost), none(), 2e18), cost);
        assertEq(holding(carol, call3000), 1e18);
        assertEq(coins - carol.balance, cost, "the rest came back as coins");
        assertEmpty(call3000);
    }

    function test_BuysAPutWithTokens() public {
        uint256 cost = askOf(put3000, 1e18);
        uint256 before = usdc.balanceOf(carol);
        assertEq(buyBest(trade(put3000, 1e18, cost), none()), cost);
        assertEq(before - usdc.balanceOf(carol), cost);
        assertEq(holding(carol, put3000), 1e18);
        assertEmpty(put3000);
    }

    function test_LeavesTheRestInTheClearinghouse() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        IRouter.Payout memory rest = IRouter.Payout(address(weth), true, noSwap());
        vm.prank(carol);
        uint256 cost = router.buyBest(t, none(), paying(address(weth), 2e18), rest);
        assertEq(free(carol, address(weth)), 2e18 - cost);
        assertEmpty(call3000);
    }

    function test_BuysFromFreeBalance() public {
        vm.startPrank(carol);
        weth.approve(address(house), 5e18);
        house.deposit(address(weth), 5e18);
        house.setOperator(address(router), 1);
        IRouter.Payment memory payment = paying(address(weth), 2e18);
        payment.fromFreeBalance = true;
        uint256 cost =
            router.buyBest(trade(call3000, 1e18, MOST), none(), payment, IRouter.Payout(address(weth), true, noSwap()));
        vm.stopPrank();
        assertEq(free(carol, address(weth)), 5e18 - cost);
        assertEmpty(call3000);
    }

    // --- from orders and the vault ---

    function test_TakesTheCheaperOrderFirst() public {
        IRouter.Signed memory dear = offer(call3000, 1e18, 0.02e18);
        IRouter.Signed memory cheap = offer(call3000, 1e18, 0.01e18);
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        assertLe(buyBest(t, two(dear, cheap)), 0.011e18);
        assertEq(exchange.remaining(cheap.order), 0);
        assertEq(exchange.remaining(dear.order), 1e18);
        assertEmpty(call3000);
    }

    function test_LeavesADearOrderToOthers() public {
        uint256 cost = askOf(call3000, 1e18);
        IRouter.Signed memory dear = offer(call3000, 1e18, uint128(2 * cost));
        assertEq(buyBest(trade(call3000, 1e18, MOST), one(dear)), cost);
        assertEq(exchange.remaining(dear.order), 1e18);
    }

    function test_FillsWhatOrdersLeaveFromTheVault() public {
        IRouter.Signed memory cheap = offer(call3000, 1e18, 0.01e18);
        uint256 vaultPart = askOf(call3000, 2e18);
        uint256 cost = vaultPart + costOf(cheap, 1e18);
        IRouter.Trade memory t = trade(call3000, 3e18, MOST);
        vm.prank(carol);
        vm.expectEmit(address(router));
        emit IRouter.Routed(carol, call3000, true, 3e18, 1e18, address(calls), cost);
        router.buyBest(t, one(cheap), paying(address(weth), cost), payout(address(weth)));
        assertEq(holding(carol, call3000), 3e18);
        assertEmpty(call3000);
    }

    function test_TakesPartOfAnOrder() public {
        IRouter.Signed memory cheap = offer(call3000, 5e18, 0.01e18);
        uint256 cost = costOf(cheap, 2e18);
        assertEq(buyBest(trade(call3000, 2e18, MOST), one(cheap)), cost);
        assertEq(exchange.remaining(cheap.order), 3e18);
    }

    function test_SkipsWhatDoesNotFill() public {
        IRouter.Signed memory forged = offer(call3000, 1e18, 0.001e18);
        forged.signature = signWith(carolKey, exchange.hashOrder(forged.order));
        IRouter.Signed memory other = offer(call3300, 1e18, 0.001e18);
        IRouter.Signed memory late = offer(call3000, 1e18, 0.001e18);
        late.order.deadline = uint40(vm.getBlockTimestamp() - 1);
        signOrder(late);
        IRouter.Signed memory wants = bid(call3000, 1e18, 0.001e18);
        IRouter.Signed memory inQuote = offer(call3000, 1e18, 0.001e18);
        inQuote.order.premiumToken = address(usdc);
        signOrder(inQuote);
        IRouter.Signed memory good = offer(call3000, 1e18, 0.01e18);
        IRouter.Signed[] memory list = new IRouter.Signed[](6);
        (list[0], list[1], list[2], list[3], list[4], list[5]) = (forged, other, late, wants, inQuote, good);
        uint256 cost = costOf(good, 1e18);
        assertEq(buyBest(trade(call3000, 1e18, MOST), list), cost);
        assertEmpty(call3000);
    }

    /// No worse than the vault alone, the orders alone, or the orders in the order given and then the vault.
    function testFuzz_NoWorseThanEachSource(uint256 amount, uint256 a, uint256 b, uint256 priceA, uint256 priceB)
        public
    {
        amount = bound(amount, 10, 1000) * 1e16;
        a = bound(a, 1, 1000) * 1e16;
        b = bound(b, 1, 1000) * 1e16;
        uint256 unit = askOf(call3000, 1e18);
        uint256 alone = askOf(call3000, amount);
        IRouter.Signed[] memory list = two(
            offer(call3000, uint128(a), uint128(bound(priceA, unit / 2, 2 * unit))),
            offer(call3000, uint128(b), uint128(bound(priceB, unit / 2, 2 * unit)))
        );
        uint256 orders = _listed(list, amount, false);
        uint256 listed = _listed(list, amount, true);
        uint256 cost = buyBest(trade(call3000, uint128(amount), MOST), list);
        assertLe(cost, alone, "the vault alone");
        assertLe(cost, orders, "orders alone");
        assertLe(cost, listed, "as listed");
        assertEq(holding(carol, call3000), amount);
        assertEmpty(call3000);
    }

    function _listed(IRouter.Signed[] memory list, uint256 left, bool thenVault) private view returns (uint256 cost) {
        for (uint256 i; i < list.length && left != 0; ++i) {
            uint256 part = left < list[i].order.amount ? left : list[i].order.amount;
            cost += costOf(list[i], part);
            left -= part;
        }
        if (left == 0) return cost;
        if (!thenVault) return MOST;
        try calls.quoteBuy(call3000, left) {
            return cost + askOf(call3000, left);
        } catch {
            return MOST;
        }
    }
}
