// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRouter} from "../../../contracts/interfaces/IRouter.sol";
import {FeeToken} from "../support/Tokens.sol";
import {RouterFixture} from "./RouterFixture.sol";
import {Shop} from "./Targets.sol";

/// @notice What comes in: coins, tokens, permits, swaps.
contract RouterDepositTest is RouterFixture {
    function _deposit(IRouter.Payment memory payment, address asset) private returns (uint256) {
        vm.prank(carol);
        return router.deposit{value: payment.token == address(0) ? payment.assets : 0}(payment, asset);
    }

    function _swapped(IRouter.Swap memory swap) private view returns (IRouter.Payment memory payment) {
        payment = paying(address(usdc), 3000e6);
        payment.swap = swap;
    }

    // --- refused ---

    function test_RefusesLessThanTheMinimum() public {
        IRouter.Payment memory payment = _swapped(shopping(usdc, 3000e6, weth, 1e18));
        payment.swap.minOutput = 1e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IRouter.OutputBelowMinimum.selector, address(weth), 1e18, 1e18 + 1));
        _deposit(payment, address(weth));
    }

    function test_RefusesNoOutputWhateverTheMinimum() public {
        IRouter.Payment memory payment = _swapped(shopping(usdc, 0, weth, 0));
        vm.expectRevert(abi.encodeWithSelector(IRouter.OutputBelowMinimum.selector, address(weth), 0, 0));
        _deposit(payment, address(weth));
    }

    function test_RefusesATargetThatKeepsTheInput() public {
        IRouter.Payment memory payment = _swapped(IRouter.Swap(address(shop), abi.encodeCall(Shop.keep, (usdc)), 1));
        vm.expectRevert(abi.encodeWithSelector(IRouter.OutputBelowMinimum.selector, address(weth), 0, 1));
        _deposit(payment, address(weth));
    }

    function test_RefusesASwapIntoTheSameToken() public {
        IRouter.Payment memory payment = _swapped(shopping(usdc, 1, usdc, 1));
        vm.expectRevert(abi.encodeWithSelector(IRouter.SwapMismatch.selector, address(usdc), address(usdc)));
        _deposit(payment, address(usdc));
    }

    function test_RefusesATokenThatTakesAFee() public {
        FeeToken fee = new FeeToken();
        fee.mint(carol, 100e18);
        vm.prank(carol);
        fee.approve(address(router), MOST);
        IRouter.Payment memory payment = paying(address(fee), 100e18);
        vm.expectRevert(abi.encodeWithSelector(IRouter.TransferAmountMismatch.selector, address(fee), 100e18, 99e18));
        _deposit(payment, address(fee));
    }

    // --- done ---

    function test_WrapsCoins() public {
        assertEq(_deposit(paying(address(0), 3e18), address(weth)), 3e18);
        assertEq(free(carol, address(weth)), 3e18);
        assertEmpty(call3000);
    }

    /// The flag means nothing for coins: there are none in the Clearinghouse.
    function test_WrapsCoinsWhateverTheFlag() public {
        IRouter.Payment memory payment = paying(address(0), 3e18);
        payment.fromFreeBalance = true;
        _deposit(payment, address(weth));
        assertEq(free(carol, address(weth)), 3e18);
        assertEmpty(call3000);
    }

    function test_SwapsAndGivesBackWhatWasNotSpent() public {
        uint256 before = usdc.balanceOf(carol);
        IRouter.Payment memory payment = _swapped(shopping(usdc, 2900e6, weth, 1e18));
        vm.expectEmit(address(router));
        emit IRouter.Swapped(carol, address(usdc), 2900e6, address(weth), 1e18);
        assertEq(_deposit(payment, address(weth)), 1e18);
        assertEq(free(carol, address(weth)), 1e18);
        assertEq(before - usdc.balanceOf(carol), 2900e6);
        assertEq(usdc.balanceOf(shop.lastCaller()), 0, "nothing stays with the executor");
        assertEq(usdc.balanceOf(address(shop)), 2900e6);
        assertEmpty(call3000);
    }

    function test_SwapsCoinsAndGivesBackCoins() public {
        IRouter.Payment memory payment = paying(address(0), 2e18);
        payment.swap = shopping(weth, 1e18, usdc, 3000e6);
        uint256 before = carol.balance;
        _deposit(payment, address(usdc));
        assertEq(free(carol, address(usdc)), 3000e6);
        assertEq(before - carol.balance, 1e18);
        assertEmpty(call3000);
    }

    function test_SwapsFromFreeBalance() public {
        vm.startPrank(carol);
        usdc.approve(address(house), 3000e6);
        house.deposit(address(usdc), 3000e6);
        house.setOperator(address(router), 1);
        vm.stopPrank();
        IRouter.Payment memory payment = _swapped(shopping(usdc, 3000e6, weth, 1e18));
        payment.fromFreeBalance = true;
        _deposit(payment, address(weth));
        assertEq(free(carol, address(usdc)), 0);
        assertEq(free(carol, address(weth)), 1e18);
        assertEmpty(call3000);
    }

    function test_TakesAPermitUsedOrNot() public {
        vm.prank(carol);
        usdc.approve(address(router), 0);
        IRouter.Payment memory payment = paying(address(usdc), 1000e6);
        payment.permit = _permit(1000e6);
        uint256 state = vm.snapshotState();
        _deposit(payment, address(usdc));
        assertEq(free(carol, address(usdc)), 1000e6);
        vm.revertToState(state);
        // Somebody uses it first.
        usdc.permit(carol, address(router), 1000e6, MOST, payment.permit.v, payment.permit.r, payment.permit.s);
        _deposit(payment, address(usdc));
        assertEq(free(carol, address(usdc)), 1000e6);
        assertEmpty(call3000);
    }

    function _permit(uint256 assets) private view returns (IRouter.Permit memory p) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(kind, carol, address(router), assets, usdc.nonces(carol), MOST));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(carolKey, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), message)));
        return IRouter.Permit(MOST, v, r, s);
    }
}
