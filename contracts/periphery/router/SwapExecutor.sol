// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRouter} from "../../interfaces/IRouter.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title SwapExecutor
/// @notice Makes one call of a caller's choice with what was sent here before, and gives back all that is left.
/// @dev Each swap runs a fresh copy. Nobody has approved that copy for anything, so no call it makes can move what is not
/// in it; and what a call makes it approve is approved by an address that is never used again.
contract SwapExecutor {
    using SafeERC20 for IERC20;

    /// @notice The only caller, of every copy.
    address public immutable router;

    // The Router makes it and names itself.
    // slither-disable-next-line missing-zero-check
    constructor(address router_) {
        router = router_;
    }

    /// @notice Calls `target` with an allowance of all input, then sends both tokens back.
    function run(IERC20 input, IERC20 output, address target, bytes calldata data) external {
        require(msg.sender == router, IRouter.OnlyRouter(msg.sender));
        input.forceApprove(target, input.balanceOf(address(this)));
        Address.functionCall(target, data);
        _giveBack(input);
        _giveBack(output);
    }

    function _giveBack(IERC20 token) private {
        uint256 held = token.balanceOf(address(this));
        if (held != 0) token.safeTransfer(router, held);
    }
}
