// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";
import {WorstLoss} from "../../../contracts/libraries/WorstLoss.sol";
import {Test} from "../support/Test.sol";

contract WorstLossTest is Test {
    function legs(uint64[3] memory strikes, int128[3] memory amounts)
        private
        pure
        returns (IClearinghouse.Leg[] memory list)
    {
        list = new IClearinghouse.Leg[](3);
        for (uint256 i; i < 3; ++i) {
            list[i] = IClearinghouse.Leg(strikes[i] * 1e8, amounts[i] * 1e18);
        }
    }

    function check(Side side, IClearinghouse.Leg[] memory list, uint256 assets, uint256 price) private pure {
        (uint256 worst, uint256 at_) = WorstLoss.find(side, list, 1);
        assertEq(worst, assets, "loss");
        assertEq(at_, price, "price");
    }

    function test_NothingOwedAnywhere() public pure {
        check(Side.CALL, new IClearinghouse.Leg[](0), 0, 0);
        check(Side.PUT, new IClearinghouse.Leg[](0), 0, 0);
        check(Side.CALL, legs([uint64(1), 2, 3], [int128(1), 0, 0]), 0, 0);
        // a put held is worth least, nothing, from its strike on
        check(Side.PUT, legs([uint64(1), 2, 3], [int128(0), 0, 1]), 0, 3e18);
    }

    function test_NamedBooks() public pure {
        // a call alone, a spread, a butterfly sold
        check(Side.CALL, legs([uint64(1000), 2000, 3000], [int128(-1), 0, 0]), 1e18, WorstLoss.RISING);
        check(Side.CALL, legs([uint64(1000), 2000, 3000], [int128(-1), 1, 0]), 0.5e18, 2000e18);
        check(Side.CALL, legs([uint64(1000), 2000, 3000], [int128(-1), 2, -1]), 0.5e18, 2000e18);
        check(Side.PUT, legs([uint64(1000), 2000, 3000], [int128(0), -1, 0]), 2000e18, 0);
        check(Side.PUT, legs([uint64(1000), 2000, 3000], [int128(0), 1, -1]), 1000e18, 0);
        check(Side.PUT, legs([uint64(1000), 2000, 3000], [int128(-1), 2, -1]), 1000e18, 2000e18);
        // a put back-spread owes most in the middle
        check(Side.PUT, legs([uint64(1000), 2000, 3000], [int128(0), 2, -1]), 1000e18, 2000e18);
    }

    function testFuzz_IsWhatMustBeLockedAndIsOwedThere(uint256 seed, uint8 count, bool put, uint8 decimals)
        public
        pure
    {
        count = uint8(bound(count, 0, 16));
        uint256 scale = 10 ** bound(decimals, 0, 12);
        Side side = put ? Side.PUT : Side.CALL;
        IClearinghouse.Leg[] memory list = new IClearinghouse.Leg[](count);
        uint64 strike;
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            strike += uint64(bound(seed, 1, 1000e8));
            int256 amount = bound(int256(seed), -1e24, 1e24);
            list[i] = IClearinghouse.Leg(strike, int128(amount));
        }
        (uint256 worst, uint256 price) = WorstLoss.find(side, list, scale);
        assertEq(worst, BookRequirement.required(side, list, scale), "required");
        // At a price that rises without limit the loss is only approached; any far price comes near.
        if (price != WorstLoss.RISING) {
            assertEq(BookRequirement.settlementFloor(side, list, price, scale), -int256(worst), "least there");
        }
        _checkNoWorse(side, list, scale, worst, seed);
    }

    function _checkNoWorse(Side side, IClearinghouse.Leg[] memory list, uint256 scale, uint256 worst, uint256 seed)
        private
        pure
    {
        for (uint256 i; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 price = bound(seed, 1, 30_000e18);
            assertGe(BookRequirement.settlementFloor(side, list, price, scale), -int256(worst), "nowhere worse");
        }
    }
}
