// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestToken} from "../../../contracts/mocks/TestToken.sol";

/// @notice Takes one percent of every transfer.
contract FeeToken is TestToken {
    constructor() TestToken("Fee", "FEE", 18) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @notice Calls whoever receives it, as ERC-777 did, before or after the balance moves.
contract HookToken is TestToken {
    constructor() TestToken("Hook", "HOOK", 18) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from.code.length != 0) _call(from);
        super._update(from, to, value);
        if (to.code.length != 0) _call(to);
    }

    function _call(address account) private {
        (bool ok,) = account.call(abi.encodeWithSignature("tokensMoved()"));
        // An account without the hook is no reason to stop a transfer.
        ok;
    }
}
