// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointX96} from "../../../contracts/libraries/FixedPointX96.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @dev solady's functions of one number, and ours in their place: logarithm of a ratio to one, exponential of a negative
/// number, square root. All take and return one word.
contract SoladyLn {
    function run(uint256 x) external pure returns (uint256) {
        return uint256(FixedPointMathLib.lnWad(int256(x)));
    }
}

contract SoladyExp {
    function run(uint256 x) external pure returns (uint256) {
        return uint256(FixedPointMathLib.expWad(-int256(x)));
    }
}

contract SoladyRoot {
    function run(uint256 x) external pure returns (uint256) {
        return FixedPointMathLib.sqrt(x);
    }
}

contract Ln {
    function run(uint256 x) external pure returns (uint256) {
        return FixedPointX96.lnRatio(x, 1e18);
    }
}

contract Exp {
    function run(uint256 x) external pure returns (uint256) {
        (uint256 mantissa, uint256 exponent) = FixedPointX96.expNegative(x);
        return mantissa ^ exponent;
    }
}

contract Root {
    function run(uint256 x) external pure returns (uint256) {
        return FixedPointX96.root(x);
    }
}

contract NoFunction {
    function run(uint256 x) external pure returns (uint256) {
        return x;
    }
}
