// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The block that an answer was read at.
/// @dev A block's own hash is not known inside it: the parent's is the newest that a contract can name, and says as well
/// which history the answer belongs to. On chains whose `block.number` is another chain's, time and hash still tell.
/// @param parentHash The hash of the block before.
struct BlockRead {
    uint64 number;
    uint64 timestamp;
    bytes32 parentHash;
}
