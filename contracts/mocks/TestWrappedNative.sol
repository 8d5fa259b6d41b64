// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IWrappedNative} from "../interfaces/IWrappedNative.sol";
import {TestToken} from "./TestToken.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @notice A wrapped native coin for local chains and tests, with a faucet besides: what the faucet made has no coin
/// behind it, and `withdraw` pays as long as there is any.
contract TestWrappedNative is TestToken, IWrappedNative {
    constructor(string memory name_, string memory symbol_) TestToken(name_, symbol_, 18) {}

    receive() external payable {
        deposit();
    }

    /// @inheritdoc IWrappedNative
    function deposit() public payable {
        _mint(msg.sender, msg.value);
    }

    /// @inheritdoc IWrappedNative
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }
}
