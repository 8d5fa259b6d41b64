// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IRouter} from "../../interfaces/IRouter.sol";
import {IWrappedNative} from "../../interfaces/IWrappedNative.sol";
import {SwapExecutor} from "./SwapExecutor.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title RouterTokens
/// @notice What comes in and what goes out: native coin, swaps, free balances. Only the caller's, and only to the caller.
abstract contract RouterTokens is IRouter, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IRouter
    address public immutable clearinghouse;

    /// @inheritdoc IRouter
    address public immutable executor;

    constructor(address clearinghouse_) {
        clearinghouse = clearinghouse_;
        executor = address(new SwapExecutor(address(this)));
    }

    /// @dev Native coin comes from unwrapping alone; a caller's comes with its call.
    receive() external payable {
        require(msg.sender == _wrappedNative(), OnlyWrappedNative(msg.sender));
    }

    /// @inheritdoc IRouter
    function deposit(Payment calldata payment, address asset) external payable nonReentrant returns (uint256 assets) {
        assets = _takeIn(payment, asset);
        IClearinghouse(clearinghouse).pay(address(this), msg.sender, asset, assets);
    }

    // --- in ---

    /// @dev Brings the payment in as `asset` into the Router's free balance.
    function _takeIn(Payment calldata payment, address asset) internal returns (uint256 assets) {
        address token = payment.token;
        assets = payment.assets;
        require(assets != 0, BadAmount(assets));
        uint256 value = token == address(0) ? assets : 0;
        require(msg.value == value, WrongValue(msg.value, value));
        bool swaps = payment.swap.target != address(0);
        if (token == address(0)) {
            token = _wrappedNative();
            IWrappedNative(token).deposit{value: value}();
        } else if (payment.fromFreeBalance) {
            IClearinghouse(clearinghouse).pay(msg.sender, address(this), token, assets);
            if (swaps) IClearinghouse(clearinghouse).withdraw(token, assets, address(this));
        } else {
            _pull(token, payment);
        }
        require(swaps != (token == asset), SwapMismatch(token, asset));
        if (swaps) {
            uint256 spent;
            (assets, spent) = _swap(token, asset, assets, payment.swap);
            uint256 unspent = payment.assets - spent;
            if (unspent != 0) _send(token, unspent, payment.token == address(0));
        } else if (payment.fromFreeBalance && payment.token != address(0)) {
            return assets;
        }
        IERC20(asset).forceApprove(clearinghouse, assets);
        IClearinghouse(clearinghouse).deposit(asset, assets);
    }

    /// @dev From the caller, whoever else has approved the Router.
    function _pull(address token, Payment calldata payment) private {
        Permit calldata permit = payment.permit;
        uint256 assets = payment.assets;
        if (permit.deadline != 0) {
            // Anybody may have used it before; whether the allowance is there decides the transfer.
            try IERC20Permit(token)
                .permit(msg.sender, address(this), assets, permit.deadline, permit.v, permit.r, permit.s) {}
                catch {}
        }
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), assets);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        // Exactly what was said, or the token is not one of ours.
        // slither-disable-next-line incorrect-equality
        require(received == assets, TransferAmountMismatch(token, assets, received));
    }

    // --- out ---

    /// @dev Hands `assets` of the Router's free balance to the caller as it wants them. The event tells what a swap came to,
    /// which is known behind it; the guard holds.
    // slither-disable-start reentrancy-events,incorrect-equality
    function _payOut(address asset, uint256 assets, Payout calldata payout) internal {
        if (assets == 0) return;
        bool native = payout.token == address(0);
        address token = native ? _wrappedNative() : payout.token;
        bool swaps = payout.swap.target != address(0);
        require(swaps != (token == asset), SwapMismatch(asset, token));
        if (!swaps && payout.toFreeBalance) {
            IClearinghouse(clearinghouse).pay(address(this), msg.sender, asset, assets);
            return;
        }
        IClearinghouse(clearinghouse).withdraw(asset, assets, address(this));
        if (swaps) {
            (uint256 output, uint256 spent) = _swap(asset, token, assets, payout.swap);
            if (assets != spent) _send(asset, assets - spent, false);
            assets = output;
        }
        if (swaps && payout.toFreeBalance) {
            IERC20(token).forceApprove(clearinghouse, assets);
            IClearinghouse(clearinghouse).deposit(token, assets);
            IClearinghouse(clearinghouse).pay(address(this), msg.sender, token, assets);
        } else {
            _send(token, assets, native);
        }
    }

    // slither-disable-end reentrancy-events,incorrect-equality

    /// @dev Pays the caller from the Router's wallet.
    function _send(address token, uint256 assets, bool native) private {
        if (native) {
            IWrappedNative(token).withdraw(assets);
            Address.sendValue(payable(msg.sender), assets);
        } else {
            IERC20(token).safeTransfer(msg.sender, assets);
        }
    }

    // --- swaps ---

    /// @dev What came out and what was spent are differences of the Router's own balances: no answer of the target counts.
    /// The balances from before are meant, and the guard keeps every other trade out until both are read again.
    // slither-disable-next-line reentrancy-balance
    function _swap(address tokenIn, address tokenOut, uint256 assets, Swap calldata swap)
        private
        returns (uint256 output, uint256 spent)
    {
        uint256 inBefore = IERC20(tokenIn).balanceOf(address(this));
        uint256 outBefore = IERC20(tokenOut).balanceOf(address(this));
        address copy = Clones.clone(executor);
        IERC20(tokenIn).safeTransfer(copy, assets);
        SwapExecutor(copy).run(IERC20(tokenIn), IERC20(tokenOut), swap.target, swap.data);
        output = IERC20(tokenOut).balanceOf(address(this)) - outBefore;
        require(output != 0 && output >= swap.minOutput, OutputBelowMinimum(tokenOut, output, swap.minOutput));
        // What a target gives back beyond the input stays where it is: no caller is owed more than it brought.
        uint256 inAfter = IERC20(tokenIn).balanceOf(address(this));
        spent = inAfter < inBefore ? inBefore - inAfter : 0;
        emit Swapped(msg.sender, tokenIn, spent, tokenOut, output);
    }

    function _wrappedNative() private view returns (address) {
        return IClearinghouse(clearinghouse).wrappedNative();
    }
}
