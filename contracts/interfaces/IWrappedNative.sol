// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The native coin as a token, one to one.
interface IWrappedNative is IERC20 {
    /// @notice Wraps the value sent.
    function deposit() external payable;

    /// @notice Pays `amount` of native coin for as much of the token.
    function withdraw(uint256 amount) external;
}
