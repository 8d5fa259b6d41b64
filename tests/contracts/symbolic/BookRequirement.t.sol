// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookRequirement} from "../../../contracts/libraries/BookRequirement.sol";
import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {Side} from "../../../contracts/libraries/SeriesId.sol";

/// @notice The book requirement for every amount, by halmos. Strikes are fixed, so that all is linear in the amounts.
/// @dev What was tried and does not end, with yices 2.6 and z3, up to a minute a query; fuzz tests hold these instead
/// (maths/BookRequirement.t.sol: `testFuzz_owed_never_exceeds_locked`, `testFuzz_locked_is_reached`,
/// `testFuzz_requirement_falls_with_amounts`):
///
/// - any price: a product of two unknowns, even of 16 bits each and one leg, even without the divisions behind it;
/// - unknown strikes with fixed amounts: the price is divided by;
/// - two legs of any sign at fixed prices: 187 of 188 paths end, one query of two rounded quotients does not;
/// - written puts that are netted against each alone: three quotients of different denominators, from two legs on.
contract BookRequirementSymbolic {
    /// @dev WAD of one unit of a token with 18 decimals.
    uint256 private constant SCALE = 1;

    function check_writtenCallsNeedNoMoreThanEachAlone(uint64 a, uint64 b, uint64 c) external pure {
        uint256 alone = Payoff.collateralUp(Side.CALL, 2000e18, a, SCALE)
            + Payoff.collateralUp(Side.CALL, 3000e18, b, SCALE) + Payoff.collateralUp(Side.CALL, 4000e18, c, SCALE);
        int256[3] memory amounts = [-int256(uint256(a)), -int256(uint256(b)), -int256(uint256(c))];
        assert(BookRequirement.required(Side.CALL, _legs(amounts, 3), SCALE) <= alone);
    }

    function check_longsNeedNothing(uint64 a, uint64 b, uint64 c) external pure {
        IClearinghouse.Leg[] memory legs = _legs([int256(uint256(a)), int256(uint256(b)), int256(uint256(c))], 3);
        assert(BookRequirement.required(Side.CALL, legs, SCALE) == 0);
        assert(BookRequirement.required(Side.PUT, legs, SCALE) == 0);
    }

    function check_aWrittenCallIsCoveredByAsManyBelowIt(uint64 a) external pure {
        int256[3] memory amounts = [int256(uint256(a)), -int256(uint256(a)), 0];
        assert(BookRequirement.required(Side.CALL, _legs(amounts, 2), SCALE) == 0);
    }

    function check_aWrittenPutIsCoveredByAsManyAboveIt(uint64 a) external pure {
        int256[3] memory amounts = [-int256(uint256(a)), int256(uint256(a)), 0];
        assert(BookRequirement.required(Side.PUT, _legs(amounts, 2), SCALE) == 0);
    }

    function check_aPutCoversEachStrike(int64 a) external pure {
        _covers(Side.PUT, [int256(a), 0, 0], 1);
    }

    function check_aCallCoversEachStrike(int64 a) external pure {
        _covers(Side.CALL, [int256(a), 0, 0], 1);
    }

    /// @dev At a quarter, at each strike, between them and beyond.
    function _covers(Side side, int256[3] memory amounts, uint256 count) private pure {
        IClearinghouse.Leg[] memory legs = _legs(amounts, count);
        int256 required = int256(BookRequirement.required(side, legs, SCALE));
        assert(-BookRequirement.settlementFloor(side, legs, 500e18, SCALE) <= required);
        assert(-BookRequirement.settlementFloor(side, legs, 2000e18, SCALE) <= required);
        assert(-BookRequirement.settlementFloor(side, legs, 2500e18, SCALE) <= required);
        assert(-BookRequirement.settlementFloor(side, legs, 8000e18, SCALE) <= required);
    }

    function _legs(int256[3] memory amounts, uint256 count) private pure returns (IClearinghouse.Leg[] memory legs) {
        legs = new IClearinghouse.Leg[](count);
        for (uint256 i; i < count; ++i) {
            legs[i] = IClearinghouse.Leg(uint64((i + 2) * 1000e8), int128(amounts[i]));
        }
    }
}
