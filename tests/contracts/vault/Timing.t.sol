// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";

/// @notice Attacks on the time between a request and its processing.
contract TimingTest is VaultFixture {
    address internal mallory;

    function setUp() public override {
        super.setUp();
        mallory = makeAddr("mallory");
        _fund(mallory);
    }

    // --- outages made up ---

    /// @dev Somebody who stays would have leavers paid at the least value: a feed that failed for moments is noted only at
    /// those. While it can be read, prices decide, whatever was noted; and anybody ends the count with one reading.
    function test_anOutageMadeUpOfMomentsPaysNobodyTheLeast() public {
        buy(calls, call3000, 40e18);
        vm.prank(alice);
        calls.requestRedeem(20e18, alice, alice);
        for (uint256 i; i < 7; ++i) {
            vm.mockCallRevert(address(feed), abi.encodeCall(IAggregatorV3.latestRoundData, ()), "a moment");
            pricer.noteOutage(MARKET, NEAR);
            vm.clearMockedCalls();
            for (uint256 hour; hour < 3; ++hour) {
                skip(4 hours);
                refresh();
            }
        }
        (uint40 since, uint40 seen) = pricer.outages(MARKET, NEAR);
        assertGe(uint256(seen) - since, 3 days);
        uint256 fair = calls.convertToAssets(20e18);
        calls.process(10);
        assertEq(calls.maxWithdraw(alice), fair);
        vm.prank(bob);
        pricer.noteOutage(MARKET, NEAR);
        (since,) = pricer.outages(MARKET, NEAR);
        assertEq(uint256(since), 0);
    }

    // --- prices moved by one's own trades ---

    /// @dev What a leaver and trader in one has: free balance, and what its redemptions pay.
    function _wealth() private view returns (uint256) {
        return free(mallory, address(weth)) + calls.maxWithdraw(mallory);
    }

    /// @dev A holder buys from the vault just before the own redemption is processed, so that the premium lifts the shares,
    /// and sells back just after. Holding most of the vault, he gets most of the spread back, and never all.
    function testFuzz_liftingTheSharesWithPremiumPaysNobody(uint256 assets, uint256 amount, bool sameBlock) public {
        uint256 shares = enter(calls, mallory, bound(assets, 1e18, 900e18));
        amount = bound(amount, 0.01e18, 50e18) / 1e10 * 1e10;
        vm.prank(mallory);
        calls.requestRedeem(shares, mallory, mallory);
        skip(1 hours);
        refresh();
        uint256 fair = calls.convertToAssets(shares);
        uint256 before = _wealth();

        vm.prank(mallory);
        calls.buy(call3000, amount, type(uint256).max, mallory, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        if (!sameBlock) nextBlock();
        calls.process(10);
        assertEq(calls.maxRedeem(mallory), shares, "wholly paid");
        if (!sameBlock) nextBlock();
        vm.prank(mallory);
        calls.sell(call3000, amount, 0, mallory, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        assertLe(_wealth(), before + fair);
    }

    /// @dev The same with a sale: options bought before, sold to the vault between two processings of one's own.
    function testFuzz_leavingInPartsAroundASalePaysNobody(uint256 assets, uint256 amount) public {
        uint256 shares = enter(calls, mallory, bound(assets, 1e18, 900e18));
        amount = bound(amount, 0.01e18, 50e18) / 1e10 * 1e10;
        vm.startPrank(mallory);
        uint256 before = free(mallory, address(weth));
        (, uint256 leaving) = calls.netAssets();
        uint256 fair = leaving * shares / calls.totalSupply();
        calls.buy(call3000, amount, type(uint256).max, mallory, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        calls.requestRedeem(shares / 2, mallory, mallory);
        calls.requestRedeem(shares - shares / 2, mallory, mallory);
        vm.stopPrank();
        skip(1 hours);
        refresh();
        calls.process(1);
        vm.prank(mallory);
        calls.sell(call3000, amount, 0, mallory, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
        calls.process(10);
        assertEq(calls.maxRedeem(mallory), shares, "wholly paid");
        assertLe(_wealth(), before + fair + 1);
    }

    // --- requests as options ---

    /// @dev A request is priced when it is processed, so taking it back is worth nothing: neither the price at the request
    /// nor one in between is ever dealt at, and nobody's shares move with it.
    function testFuzz_takingBackIsNoOption(uint256 assets, uint256 price) public {
        buy(calls, call3000, 30e18);
        assets = bound(assets, 1e15, 1000e18);
        uint256 id = requestDeposit(calls, mallory, assets);
        uint256 wallet = weth.balanceOf(mallory);
        moveSpot(bound(price, 2400, 3900));
        nextBlock();
        (uint256 entering, uint256 leaving) = calls.netAssets();
        vm.prank(mallory);
        calls.cancelDeposit(id);
        (uint256 entering2, uint256 leaving2) = calls.netAssets();
        assertEq(entering2, entering);
        assertEq(leaving2, leaving);
        assertEq(weth.balanceOf(mallory), wallet + assets);
    }

    /// @dev What was filled of a request stays claimable when the rest is taken back, and is claimed once.
    function test_theRestOfAPartFilledRequestIsTakenBack() public {
        buy(calls, call3000, 80e18);
        vm.prank(alice);
        uint256 id = calls.requestRedeem(LIQUIDITY, alice, alice);
        skip(1 hours);
        refresh();
        calls.process(10);
        uint256 pending = calls.pendingRedeemRequest(id, alice);
        uint256 claimable = calls.claimableRedeemRequest(id, alice);
        assertGt(pending, 0);
        assertEq(pending + claimable, LIQUIDITY);
        skip(1 days);
        vm.startPrank(alice);
        calls.cancelRedeem(id);
        assertEq(calls.balanceOf(alice), pending);
        assertEq(calls.claimableRedeemRequest(id, alice), claimable);
        calls.redeem(claimable, alice, alice);
        assertEq(calls.claimableRedeemRequest(id, alice), 0);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.ClaimTooLarge.selector, alice, 1, 0));
        calls.redeem(1, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotCancellable.selector, id));
        calls.cancelRedeem(id);
        vm.stopPrank();
        assertEq(free(address(calls), address(weth)), booked(calls));
    }
}
