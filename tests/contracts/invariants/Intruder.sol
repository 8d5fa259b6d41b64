// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @notice An account that tries to get into a contract again from within each call that reaches it, and that may refuse
/// option tokens.
contract Intruder is ERC1155Holder {
    address private _target;
    bytes private _data;

    /// @notice Calls tried from within another.
    uint256 public tries;

    /// @notice Whether one of them ever went through.
    bool public gotIn;

    /// @notice Whether it refuses option tokens.
    bool public refuses;

    error NoThanks();

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// @notice Called by tokens with hooks.
    function tokensMoved() external {
        _try();
    }

    function onERC1155Received(address, address, uint256, uint256, bytes memory) public override returns (bytes4) {
        require(!refuses, NoThanks());
        _try();
        return this.onERC1155Received.selector;
    }

    function _try() private {
        if (_target == address(0)) return;
        ++tries;
        (bool ok,) = _target.call(_data);
        if (ok) gotIn = true;
    }
}
