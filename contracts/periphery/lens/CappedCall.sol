// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title CappedCall
/// @notice Views of contracts that may be hostile: neither their gas nor what they answer can take the caller down.
library CappedCall {
    /// @notice Gas for one view of a token.
    uint256 internal constant TOKEN_GAS = 200_000;

    /// @notice The longest error that is passed on.
    uint256 internal constant MAX_ERROR = 1024;

    /// @notice Calls without changing anything; copies at most `limit` bytes of the answer, of an error `MAX_ERROR`.
    function view_(address target, uint256 gasLimit, bytes memory data, uint256 limit)
        internal
        view
        returns (bool ok, bytes memory answer)
    {
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, target, add(data, 32), mload(data), 0, 0)
            let size := returndatasize()
            if iszero(ok) { limit := MAX_ERROR }
            if gt(size, limit) { size := limit }
            answer := mload(0x40)
            mstore(answer, size)
            returndatacopy(add(answer, 32), 0, size)
            mstore(0x40, and(add(add(answer, size), 63), not(31)))
        }
    }

    /// @notice One word of a token. Without code, or with a shorter answer, it is not readable.
    function word(address token, bytes memory data) internal view returns (bool readable, uint256 value) {
        if (token.code.length == 0) return (false, 0);
        (bool ok, bytes memory answer) = view_(token, TOKEN_GAS, data, 32);
        if (!ok || answer.length != 32) return (false, 0);
        return (true, abi.decode(answer, (uint256)));
    }
}
