// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "../support/Test.sol";

/// @notice Reads the columns of tests/vectors/*.json, which scripts/vectors/generate.py writes.
abstract contract Vectors is Test {
    string private _json;

    function _open(string memory name) internal {
        _json = vm.readFile(string.concat("tests/vectors/", name, ".json"));
    }

    function _uints(string memory column) internal view returns (uint256[] memory) {
        return vm.parseJsonUintArray(_json, string.concat(".", column));
    }

    function _ints(string memory column) internal view returns (int256[] memory) {
        return vm.parseJsonIntArray(_json, string.concat(".", column));
    }

    /// @dev Names the row where a comparison fails.
    function _row(string memory what, uint256 i) internal pure returns (string memory) {
        return string.concat(what, " in row ", vm.toString(i));
    }
}
