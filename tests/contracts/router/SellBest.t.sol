// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {RouterFixture} from "./RouterFixture.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract RouterSellBestTest is RouterFixture {
    function setUp() public override {
        super.setUp();
        buyBest(trade(call3000, 10e18, MOST), none());
    }

    function test_HoldsTheLimit() public {
        uint256 bid_ = calls.quoteSell(call3000, 1e18).total;
        vm.expectRevert(abi.encodeWithSelector(IRouter.ProceedsBelowLimit.selector, bid_, bid_ + 1));
        sellBest(trade(call3000, 1e18, bid_ + 1), none());
    }

    function test_RefusesAfterTheDeadline() public {
        IRouter.Trade memory t = trade(call3000, 1e18, 0);
        t.deadline = vm.getBlockTimestamp() - 1;
        vm.expectPartialRevert(IRouter.DeadlinePassed.selector);
        sellBest(t, none());
    }

    function test_SellsNobodyElsesContracts() public {
        buy(calls, call3000, 1e18);
        IRouter.Trade memory t = trade(call3000, 1e18, 0);
        vm.prank(bob);
        vm.expectPartialRevert(IERC1155Errors.ERC1155MissingApprovalForAll.selector);
        router.sellBest(t, none(), payout(address(weth)));
    }

    function test_SellsToTheVaultForCoins() public {
        uint256 bid_ = calls.quoteSell(call3000, 2e18).total;
        uint256 before = carol.balance;
        vm.prank(carol);
        assertEq(router.sellBest(trade(call3000, 2e18, bid_), none(), payout(address(0))), bid_);
        assertEq(carol.balance - before, bid_);
        assertEq(holding(carol, call3000), 8e18);
        assertEmpty(call3000);
    }

    function test_SellsToTheBetterBidFirst() public {
        uint128 mark = uint128(calls.quoteSell(call3000, 1e18).mark);
        IRouter.Signed memory low = bid(call3000, 1e18, mark / 2);
        IRouter.Signed memory high = bid(call3000, 1e18, 2 * mark);
        uint256 vaultPart = calls.quoteSell(call3000, 1e18).total;
        uint256 proceeds = costOf(high, 1e18) + vaultPart;
        assertEq(sellBest(trade(call3000, 2e18, 0), two(low, high)), proceeds);
        assertEq(exchange.remaining(low.order), 1e18);
        assertEq(exchange.remaining(high.order), 0);
        assertEmpty(call3000);
    }

    function test_SellsToOrdersAloneOrNotAtAll() public {
        IRouter.Trade memory t = trade(call3000, 2e18, 0);
        t.vault = address(0);
        IRouter.Signed memory wants = bid(call3000, 1e18, 0.05e18);
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotFilled.selector, 1e18));
        sellBest(t, one(wants));
        t.amount = 1e18;
        uint256 proceeds = costOf(wants, 1e18);
        assertEq(sellBest(t, one(wants)), proceeds);
        assertEmpty(call3000);
    }

    function test_SwapsTheProceeds() public {
        uint256 bid_ = calls.quoteSell(call3000, 1e18).total;
        IRouter.Payout memory out = IRouter.Payout(address(usdc), false, shopping(weth, bid_, usdc, 100e6));
        uint256 before = usdc.balanceOf(carol);
        vm.prank(carol);
        router.sellBest(trade(call3000, 1e18, 0), none(), out);
        assertEq(usdc.balanceOf(carol) - before, 100e6);
        assertEmpty(call3000);
    }

    function test_SwapsTheProceedsIntoTheClearinghouseAndGivesBackTheRest() public {
        uint256 bid_ = calls.quoteSell(call3000, 1e18).total;
        IRouter.Payout memory out = IRouter.Payout(address(usdc), true, shopping(weth, bid_ - 7, usdc, 100e6));
        uint256 before = weth.balanceOf(carol);
        vm.prank(carol);
        router.sellBest(trade(call3000, 1e18, 0), none(), out);
        assertEq(free(carol, address(usdc)), 100e6);
        assertEq(weth.balanceOf(carol) - before, 7);
        assertEmpty(call3000);
    }
}
