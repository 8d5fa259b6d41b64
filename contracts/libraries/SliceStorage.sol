// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";

/// @title SliceStorage
/// @notice A slice as the one word that it is in storage.
/// @dev The compiler writes a struct field by field, each with a read of its own, though they share a slot.
library SliceStorage {
    /// @notice The stored word; zero when there is no slice.
    function load(IVolatilityOracle.Slice storage self) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(self.slot)
        }
    }

    function store(IVolatilityOracle.Slice storage self, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }

    /// @notice The word of a slice, the first field in the lowest bits, as the compiler lays it out.
    function pack(IVolatilityOracle.Slice memory slice) internal pure returns (uint256) {
        return uint256(slice.theta) | uint256(slice.phi) << 64 | uint256(uint48(slice.rho)) << 128
            | uint256(uint40(slice.carry)) << 176 | uint256(slice.timestamp) << 216;
    }

    function unpack(uint256 word) internal pure returns (IVolatilityOracle.Slice memory) {
        return IVolatilityOracle.Slice({
            theta: uint64(word),
            phi: uint64(word >> 64),
            rho: int48(uint48(word >> 128)),
            carry: int40(uint40(word >> 176)),
            timestamp: uint40(word >> 216)
        });
    }
}
