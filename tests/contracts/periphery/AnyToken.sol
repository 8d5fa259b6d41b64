// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice A token of a market whose answer to `symbol()` is whatever a test says.
contract AnyToken {
    enum Mood {
        ANSWERS,
        REVERTS,
        BURNS_ALL_GAS,
        WANTS_GAS
    }

    uint8 public decimals = 18;
    Mood public mood;
    bytes private _answer;

    function set(Mood mood_, bytes calldata answer) external {
        (mood, _answer) = (mood_, answer);
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function symbol() external view {
        bytes memory answer = _answer;
        if (mood == Mood.BURNS_ALL_GAS) while (true) {}
        require(mood != Mood.WANTS_GAS || gasleft() > 90_000, "too little gas");
        bool reverts = mood == Mood.REVERTS;
        assembly {
            if reverts { revert(add(answer, 32), mload(answer)) }
            return(add(answer, 32), mload(answer))
        }
    }
}
