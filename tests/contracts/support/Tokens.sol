// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

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

/// @notice Knows no permit and refuses none: its fallback takes any call, as the oldest wrapped coins do.
contract PhantomPermitToken is ERC20 {
    constructor() ERC20("Phantom", "PHANTOM") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    fallback() external {}
}

/// @notice A wrapped native coin that keeps a unit, and calls back whoever it was told to while it wraps.
contract LyingWrappedNative is TestToken {
    address private _target;
    bytes private _data;
    bytes public answer;

    constructor() TestToken("Lying Ether", "WETH", 18) {}

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function deposit() external payable {
        if (_target != address(0)) {
            (, answer) = _target.call(_data);
            _mint(msg.sender, msg.value);
        } else {
            _mint(msg.sender, msg.value - 1);
        }
    }
}
