// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {RouterFixture} from "./RouterFixture.sol";
import {CoinTaker, FakeVault, Shop} from "./Targets.sol";
import {IERC1155Errors, IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What a crafted call, a hostile vault, target or receiver could get out of the Router. Carol has approved it for
/// all her tokens; mallory attacks.
contract RouterAttacksTest is RouterFixture {
    address private immutable MALLORY = makeAddr("mallory");

    function setUp() public override {
        super.setUp();
        usdc.mint(MALLORY, 10_000e6);
        vm.deal(MALLORY, 10e18);
        vm.prank(MALLORY);
        usdc.approve(address(router), MOST);
        vm.startPrank(carol);
        weth.approve(address(house), 1e18);
        house.deposit(address(weth), 1e18);
        house.setOperator(address(router), 3);
        vm.stopPrank();
    }

    function _swapAt(address target, bytes memory data) private {
        IRouter.Payment memory payment = paying(address(usdc), 1000e6);
        payment.swap = IRouter.Swap(target, data, 0);
        vm.prank(MALLORY);
        router.deposit(payment, address(weth));
    }

    // --- what the executor is made to call ---

    /// The drain of many a router: its own call spends what others approved it for.
    function test_NoCallSpendsAnApprovalToTheRouter() public {
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        _swapAt(address(weth), abi.encodeCall(IERC20.transferFrom, (carol, MALLORY, 1e18)));
        vm.expectPartialRevert(IERC1155Errors.ERC1155MissingApprovalForAll.selector);
        _swapAt(
            address(token),
            abi.encodeCall(IERC1155.safeTransferFrom, (carol, MALLORY, SeriesId.unwrap(call3000), 1, ""))
        );
    }

    function test_NoCallUsesARightInTheClearinghouse() public {
        vm.expectPartialRevert(IClearinghouse.NotAuthorised.selector);
        _swapAt(address(house), abi.encodeCall(house.pay, (carol, MALLORY, address(weth), 1e18)));
        vm.expectPartialRevert(IClearinghouse.NotAuthorised.selector);
        _swapAt(address(house), abi.encodeCall(house.withdrawFor, (carol, address(weth), 1e18)));
        vm.expectPartialRevert(IClearinghouse.NotAuthorised.selector);
        _swapAt(address(house), abi.encodeCall(house.pay, (address(router), MALLORY, address(usdc), 1)));
    }

    function test_NoCallEntersTheRouterAgain() public {
        bytes memory again = abi.encodeCall(router.deposit, (paying(address(usdc), 1), address(usdc)));
        vm.expectRevert(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        _swapAt(address(router), again);
        vm.expectRevert(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        _swapAt(address(shop), abi.encodeCall(Shop.relay, (address(router), again)));
    }

    function test_NobodyElseRunsTheExecutor() public {
        bytes memory run = abi.encodeWithSignature(
            "run(address,address,address,bytes)", address(usdc), address(weth), address(shop), ""
        );
        address executor = router.executor();
        vm.prank(MALLORY);
        (bool ok, bytes memory why) = executor.call(run);
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(IRouter.OnlyRouter.selector, MALLORY));
    }

    /// An approval that a call makes the executor give is worth nothing: the next swap runs elsewhere.
    function test_AnApprovalByAnExecutorIsOfNoUse() public {
        address first = vm.computeCreateAddress(address(router), vm.getNonce(address(router)));
        // A gift to where the executor will be, or its call has no output and fails.
        weth.mint(first, 1);
        _swapAt(address(usdc), abi.encodeCall(IERC20.approve, (MALLORY, MOST)));
        assertEq(usdc.allowance(first, MALLORY), MOST);
        IRouter.Payment memory payment = paying(address(usdc), 1000e6);
        payment.swap = shopping(usdc, 900e6, weth, 1e18);
        vm.prank(carol);
        router.deposit(payment, address(weth));
        assertNotEq(shop.lastCaller(), first);
        assertEq(usdc.allowance(shop.lastCaller(), MALLORY), 0);
    }

    // --- the vault that the caller names ---

    function test_AVaultThatDoesNotDeliverIsRefused() public {
        FakeVault fake = new FakeVault(address(house), address(weth), 1e18);
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        t.vault = address(fake);
        vm.expectRevert(abi.encodeWithSelector(IRouter.NotDelivered.selector, call3000, 1e18, 0));
        buyBest(t, none());
    }

    /// Naming a contract that the Router trusts does not take that trust away from others.
    function test_TheExchangeKeepsItsRight() public {
        IRouter.Trade memory t = trade(call3000, 1e18, MOST);
        t.vault = address(exchange);
        vm.expectRevert();
        buyBest(t, none());
        assertEq(house.operatorFlags(address(router), address(exchange)), 1);
    }

    // --- coins, gifts and leftovers ---

    function test_CoinsComeByACallOrFromUnwrapping() public {
        vm.prank(MALLORY);
        (bool ok, bytes memory why) = address(router).call{value: 1}("");
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(IRouter.OnlyWrappedNative.selector, MALLORY));
    }

    function test_AReceiverThatRefusesCoinsFailsAlone() public {
        CoinTaker taker = new CoinTaker();
        taker.refuse();
        bytes memory call_ = _buyWithCoins();
        vm.deal(address(taker), 2e18);
        vm.expectRevert();
        taker.perform(address(router), 2e18, call_);
        assertEmpty(call3000);
    }

    function test_AReceiverOfCoinsCannotEnterAgain() public {
        CoinTaker taker = new CoinTaker();
        bytes memory call_ = _buyWithCoins();
        vm.deal(address(taker), 4e18);
        taker.arm(address(router), abi.encodeCall(router.deposit, (paying(address(weth), 1), address(weth))));
        taker.perform(address(router), 2e18, call_);
        assertEq(taker.tries(), 1);
        assertFalse(taker.succeeded());
        assertEmpty(call3000);
    }

    function _buyWithCoins() private view returns (bytes memory) {
        return abi.encodeCall(
            router.buyBest, (trade(call3000, 1e18, MOST), none(), paying(address(0), 2e18), payout(address(0)))
        );
    }

    /// What somebody left in the Router is nobody's: no call counts it as its own, and none fails by it.
    function test_AGiftMovesNothing() public {
        weth.mint(address(router), 5e18);
        vm.prank(bob);
        house.pay(bob, address(router), address(weth), 5e18);
        uint256 before = weth.balanceOf(carol);
        uint256 cost = buyBest(trade(call3000, 1e18, MOST), none());
        assertEq(before - weth.balanceOf(carol), cost);
        assertEq(free(address(router), address(weth)), 5e18);
        assertEq(weth.balanceOf(address(router)), 5e18);
    }

    /// Nor does a gift pay for what a caller's own payment does not cover.
    function test_AGiftPaysForNobody() public {
        vm.prank(bob);
        house.pay(bob, address(router), address(weth), 5e18);
        uint256 cost = askOf(call3000, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IRouter.CostAboveLimit.selector, cost, 1e9));
        vm.prank(carol);
        router.buyBest(trade(call3000, 1e18, MOST), none(), paying(address(weth), 1e9), payout(address(weth)));
    }

    function test_OptionsComeByTheRoutersOwnHandAlone() public {
        buyBest(trade(call3000, 1e18, MOST), none());
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRouter.UnexpectedOptions.selector, carol));
        token.safeTransferFrom(carol, address(router), SeriesId.unwrap(call3000), 1e18, "");
        uint256[] memory ids = new uint256[](2);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IRouter.UnexpectedOptions.selector, carol));
        token.safeBatchTransferFrom(carol, address(router), ids, new uint256[](2), "");
    }
}
