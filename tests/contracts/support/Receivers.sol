// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @notice A contract that holds option tokens for others.
contract Pool is ERC1155Holder {}

/// @notice Tries one call whenever it is called by a token's hook, and keeps what came of it.
contract Reentrant is ERC1155Holder {
    address private _target;
    bytes private _data;

    /// @notice Hooks seen while a call was armed.
    uint256 public tries;

    /// @notice Whether the last try went through, and what it answered.
    bool public succeeded;
    bytes public answer;

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    /// @notice Makes a call as this contract.
    function perform(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory returned) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
        return returned;
    }

    function tokensMoved() external {
        _try();
    }

    function onERC1155Received(address, address, uint256, uint256, bytes memory) public override returns (bytes4) {
        _try();
        return this.onERC1155Received.selector;
    }

    function _try() private {
        if (_target == address(0)) return;
        ++tries;
        (succeeded, answer) = _target.call(_data);
    }
}
