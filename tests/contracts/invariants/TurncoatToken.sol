// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestToken} from "../../../contracts/mocks/TestToken.sol";

/// @notice A token that was honest when it was listed: it calls whoever sends or receives it, and its issuer may later
/// take a fee of every transfer or refuse accounts.
contract TurncoatToken is TestToken {
    uint256 public feeBps;
    mapping(address account => bool) public refused;

    error Refused(address account);

    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, symbol_, decimals_) {}

    function setFeeBps(uint256 feeBps_) external {
        feeBps = feeBps_;
    }

    function setRefused(address account, bool refused_) external {
        refused[account] = refused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!refused[from], Refused(from));
        require(!refused[to], Refused(to));
        bool moved = from != address(0) && to != address(0);
        if (moved && from.code.length != 0) _call(from);
        uint256 fee = moved ? (value * feeBps + 9999) / 10_000 : 0;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, value - fee);
        if (moved && to.code.length != 0) _call(to);
    }

    function _call(address account) private {
        (bool ok,) = account.call(abi.encodeWithSignature("tokensMoved()"));
        // An account without the hook is no reason to stop a transfer.
        ok;
    }
}
