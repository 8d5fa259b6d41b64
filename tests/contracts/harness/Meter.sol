// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a formula costs, without what calling it costs: a warm call less the same call to a contract that takes and
/// returns as much and does nothing.
contract Meter {
    error Failed(address target, bytes input);

    /// @param formula What is measured; called once beforehand, so that nothing is cold.
    /// @param nothing Its twin that does nothing.
    /// @return gas By input.
    /// @return answers What the formula answered, by input.
    function measure(address formula, address nothing, bytes[] calldata inputs)
        external
        view
        returns (uint256[] memory gas, bytes[] memory answers)
    {
        uint256 count = inputs.length;
        gas = new uint256[](count);
        answers = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            bytes memory input = inputs[i];
            if (i == 0) {
                _gasOf(formula, input);
                _gasOf(nothing, input);
            }
            // Both through the same code, so that all around the two calls costs the same.
            uint256 idle = _gasOf(nothing, input);
            gas[i] = _gasOf(formula, input) - idle;
            answers[i] = _answer();
        }
    }

    function _gasOf(address target, bytes memory input) private view returns (uint256 used) {
        bool done;
        assembly ("memory-safe") {
            used := gas()
            done := staticcall(gas(), target, add(input, 0x20), mload(input), 0, 0)
            used := sub(used, gas())
        }
        require(done, Failed(target, input));
    }

    /// @dev What the last call returned.
    function _answer() private pure returns (bytes memory answer) {
        assembly ("memory-safe") {
            answer := mload(0x40)
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 0x20), 0, returndatasize())
            mstore(0x40, add(add(answer, 0x20), and(add(returndatasize(), 0x1f), not(0x1f))))
        }
    }
}
