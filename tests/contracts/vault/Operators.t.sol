// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice What an operator, a spender and a stranger may and may not do with an owner's shares and claims.
contract OperatorsTest is VaultFixture {
    address internal carol;

    function setUp() public override {
        super.setUp();
        carol = makeAddr("carol");
    }

    function test_anOperatorMovesNoShares() public {
        vm.prank(alice);
        calls.setOperator(carol, true);
        vm.startPrank(carol);
        bytes memory refused = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 1e18);
        vm.expectRevert(refused);
        calls.transferFrom(alice, carol, 1e18);
        vm.expectRevert(refused);
        calls.transferFrom(alice, address(calls), 1e18);
        // it asks and claims for the owner, as ERC-7540 has it
        calls.requestRedeem(1e18, alice, alice);
        vm.stopPrank();
        skip(1 hours);
        refresh();
        calls.process(1);
        vm.prank(carol);
        assertEq(calls.redeem(1e18, alice, alice), 1e18);
        assertEq(weth.balanceOf(alice), 1e18);
    }

    function test_anOperatorIsNoneInTheClearinghouse() public {
        vm.prank(alice);
        calls.setOperator(carol, true);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, alice, carol, 1));
        house.pay(alice, carol, address(weth), 1);
    }

    function test_whoWasDismissedMayNothing() public {
        vm.startPrank(alice);
        calls.setOperator(carol, true);
        uint256 id = calls.requestRedeem(1e18, alice, alice);
        calls.setOperator(carol, false);
        vm.stopPrank();
        vm.startPrank(carol);
        bytes memory refused = abi.encodeWithSelector(IOptionVault.NotController.selector, alice, carol);
        vm.expectRevert(refused);
        calls.cancelRedeem(id);
        vm.expectRevert(refused);
        calls.redeem(1, carol, alice);
        vm.expectRevert(refused);
        calls.withdraw(1, carol, alice);
        vm.expectRevert(refused);
        calls.deposit(1, carol, alice);
        vm.expectRevert(refused);
        calls.mint(1, carol, alice);
        vm.expectRevert(refused);
        calls.requestDeposit(1e18, carol, alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 1e18));
        calls.requestRedeem(1e18, carol, alice);
    }

    /// @dev An allowance over shares is spent by a request, and gives no right to the claim.
    function test_anAllowanceIsSpentOnce() public {
        vm.prank(alice);
        calls.approve(carol, 2e18);
        vm.startPrank(carol);
        calls.requestRedeem(2e18, alice, alice);
        assertEq(calls.allowance(alice, carol), 0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 1e18));
        calls.requestRedeem(1e18, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, alice, carol));
        calls.cancelRedeem(1);
        vm.stopPrank();
    }

    /// @dev A wallet that approved the vault for its money pays only what it asked for itself.
    function test_anAllowanceToTheVaultIsNobodyElses() public {
        weth.mint(alice, 50e18);
        vm.prank(alice);
        weth.approve(address(calls), type(uint256).max);
        vm.startPrank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, alice, carol));
        calls.requestDeposit(1e18, carol, alice);
        uint256 cost = calls.quoteBuy(call3000, 1e18).total;
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(calls), 0, cost)
        );
        calls.buy(call3000, 1e18, cost, carol, type(uint256).max, IOptionVault.Funds.WALLET);
        vm.stopPrank();
        assertEq(weth.balanceOf(alice), 50e18);
    }

    /// @dev Nobody can make the vault its own customer, or ask in the name of nobody.
    function test_theVaultAndNobodyAreNoCustomers() public {
        vm.startPrank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, address(calls), carol));
        calls.requestDeposit(1e18, carol, address(calls));
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, address(0), carol));
        calls.requestDeposit(1e18, carol, address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 1e18));
        calls.requestRedeem(1e18, carol, address(calls));
        vm.expectRevert(abi.encodeWithSelector(IOptionVault.NotController.selector, address(0), carol));
        calls.redeem(1, carol, address(0));
        vm.stopPrank();
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(0)));
        calls.requestRedeem(1e18, address(0), alice);
        vm.expectRevert(abi.encodeWithSelector(IClearinghouse.BadReceiver.selector, address(calls)));
        calls.requestRedeem(1e18, address(calls), alice);
        vm.stopPrank();
    }

    /// @dev Shares thrown at the vault are nobody's: they join no queue and enrich nobody who could take them.
    function test_sharesSentToTheVaultAreLost() public {
        requestDeposit(calls, carol, 10e18);
        vm.startPrank(alice);
        calls.requestRedeem(10e18, alice, alice);
        calls.transfer(address(calls), 5e18);
        vm.stopPrank();
        skip(1 hours);
        refresh();
        calls.process(10);
        (, uint256 pendingShares,, uint256 claimableShares) = calls.queueTotals();
        assertEq(pendingShares, 0);
        assertEq(claimableShares, calls.maxMint(carol));
        assertEq(calls.balanceOf(address(calls)), claimableShares + 5e18);
        assertEq(calls.maxWithdraw(alice), 10e18);
        uint256 claimable = calls.maxMint(carol);
        vm.prank(carol);
        calls.mint(claimable, carol);
        assertEq(calls.balanceOf(address(calls)), 5e18);
    }

    /// @dev A claim is paid once, in whatever parts and by whichever of its two units it is taken.
    function testFuzz_aClaimIsPaidOnce(uint256 seed) public {
        uint256 asked = bound(seed, 1e15, 50e18);
        vm.prank(alice);
        calls.requestRedeem(asked, alice, alice);
        skip(1 hours);
        refresh();
        calls.process(1);
        uint256 all = calls.maxWithdraw(alice);
        uint256 got;
        vm.startPrank(alice);
        while (calls.maxRedeem(alice) != 0) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 shares = bound(seed, calls.maxRedeem(alice) / 3 + 1, calls.maxRedeem(alice));
            if (seed % 2 == 0) {
                got += calls.redeem(shares, alice, alice);
            } else {
                uint256 assets = bound(seed, 0, calls.maxWithdraw(alice));
                calls.withdraw(assets, alice, alice);
                got += assets;
            }
        }
        if (calls.maxWithdraw(alice) != 0) got += calls.redeem(0, alice, alice);
        assertEq(got, all);
        assertEq(weth.balanceOf(alice), all);
        assertEq(free(address(calls), address(weth)), booked(calls));
    }
}
