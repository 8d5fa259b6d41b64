// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";

/// @title ReportHash
/// @notice The EIP-712 struct hash of a surface report.
library ReportHash {
    bytes32 private constant SLICE_TYPEHASH =
        keccak256("SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)");
    bytes32 private constant REPORT_TYPEHASH = keccak256(
        "SurfaceReport(uint16 market,uint40 timestamp,SliceReport[] slices)SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)"
    );

    function hash(IVolatilityOracle.SurfaceReport calldata report) internal pure returns (bytes32) {
        uint256 count = report.slices.length;
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            hashes[i] = _ofSlice(report.slices[i]);
        }
        return
            keccak256(abi.encode(REPORT_TYPEHASH, report.market, report.timestamp, keccak256(abi.encodePacked(hashes))));
    }

    /// @dev The fields of the struct are whole words in the call data, as typed data wants them. Unclean ones hash to
    /// something else, and are refused by the compiler's own check where they are read.
    function _ofSlice(IVolatilityOracle.SliceReport calldata report) private pure returns (bytes32 result) {
        bytes32 typeHash = SLICE_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40) // beyond the free memory: it stays free
            mstore(start, typeHash)
            calldatacopy(add(start, 0x20), report, 0xa0)
            result := keccak256(start, 0xc0)
        }
    }
}
