// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {NormalCdf} from "../../../contracts/libraries/NormalCdf.sol";
import {Vectors} from "./Vectors.sol";

/// @notice The normal distribution against 50 digits, to 40 standard deviations, and what must hold between its values.
contract NormalCdfTest is Vectors {
    function test_agrees_with_50_digits_to_40_deviations() public {
        _open("normal_cdf");
        int256[] memory xs = _ints("x");
        uint256[] memory expected = _uints("cdf");
        assertGt(xs.length, 400, "rows");
        for (uint256 i; i < xs.length; ++i) {
            // the reference has six more digits: 1.4 units of the last place
            assertApproxEqAbs(NormalCdf.cdf(xs[i]) * 1e6, expected[i], 1.4e6, _row("cdf", i));
        }
    }

    function test_the_middle_is_one_half() public pure {
        assertEq(NormalCdf.cdf(0), 0.5e18);
    }

    function test_the_ends_of_the_type_are_zero_and_one() public pure {
        assertEq(NormalCdf.cdf(type(int256).min), 0);
        assertEq(NormalCdf.cdf(type(int256).max), 1e18);
    }

    function testFuzz_halves_add_to_one(int256 x) public pure {
        x = bound(x, -41e18, 41e18);
        assertEq(NormalCdf.cdf(x) + NormalCdf.cdf(-x), 1e18);
    }

    /// forge-config: default.fuzz.runs = 5000
    function testFuzz_rises_between_neighbours(int256 x) public pure {
        x = bound(x, -9.1e18, 9.1e18);
        uint256 here = NormalCdf.cdf(x);
        assertLe(NormalCdf.cdf(x - 1), here, "one unit below");
        assertLe(here, NormalCdf.cdf(x + 1), "one unit above");
    }

    /// @notice Where the exponential changes its power of two, x^2 / 2 = (k + 1/2) ln 2, and where the tail ends.
    function test_rises_across_every_seam() public pure {
        uint256[60] memory seams;
        for (uint256 k; k < 59; ++k) {
            seams[k] = _root((2 * k + 1) * 693_147_180_559_945_309 * 1e18);
        }
        seams[59] = 9e18;
        for (uint256 k; k < 60; ++k) {
            uint256 previous;
            for (uint256 x = seams[k] - 40; x <= seams[k] + 40; ++x) {
                uint256 here = NormalCdf.cdf(int256(x));
                assertLe(previous, here, "seam");
                previous = here;
            }
        }
    }

    function testFuzz_rises_everywhere(int256 low, int256 high) public pure {
        if (low > high) (low, high) = (high, low);
        assertLe(NormalCdf.cdf(low), NormalCdf.cdf(high));
    }

    function _root(uint256 x) private pure returns (uint256 r) {
        r = x;
        for (uint256 y = (x + 1) / 2; y < r; y = (x / y + y) / 2) {
            r = y;
        }
    }
}
