// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The rule of settlement once more, as plainly as it can be said: every round is looked at, every second weighed.
/// @dev For histories that keep a feed's own rules: in a phase the numbers run from 1 without a hole and dates do not fall.
library SettleReference {
    struct R {
        uint16 phase;
        uint64 number;
        int256 answer;
        uint256 date;
    }

    struct Rules {
        uint256 expiry;
        uint256 maxAge;
        int256 minAnswer;
        int256 maxAnswer;
    }

    /// @notice The phase that settles, when every round is known: the checkpoint's, else the live one, else, where that
    /// begins after expiry, the one before.
    function phaseOf(R[] memory rounds, uint16 checkpointed, uint16 live, uint256 expiry)
        internal
        pure
        returns (uint16)
    {
        if (checkpointed != 0) return checkpointed;
        for (uint256 i; i < rounds.length; ++i) {
            if (rounds[i].phase == live && rounds[i].date <= expiry) return live;
        }
        return live - 1;
    }

    /// @notice Place of the last round of a phase dated at or before a limit; the number of rounds where there is none.
    function lastOf(R[] memory rounds, uint16 phase, uint256 limit) internal pure returns (uint256 place) {
        place = rounds.length;
        for (uint256 i; i < rounds.length; ++i) {
            if (rounds[i].phase == phase && rounds[i].date <= limit) place = i;
        }
    }

    /// @notice The answer in force at a second, going back phase by phase, as long as each reaches the next one's first
    /// round; the number of rounds where there is none.
    function inForceAt(R[] memory rounds, uint16 phase, uint256 second) internal pure returns (uint256 place) {
        for (; phase != 0; --phase) {
            place = lastOf(rounds, phase, second);
            if (place != rounds.length) return place;
            if (lastOf(rounds, phase - 1, firstDate(rounds, phase)) == rounds.length) break;
        }
        return rounds.length;
    }

    function firstDate(R[] memory rounds, uint16 phase) internal pure returns (uint256) {
        for (uint256 i; i < rounds.length; ++i) {
            if (rounds[i].phase == phase) return rounds[i].date;
        }
        return 0;
    }

    /// @notice Whether the average can be proven, and what it is, in WAD.
    function average(R[] memory rounds, uint16 phase, Rules memory rules) internal pure returns (bool, uint256) {
        uint256 opening = rules.expiry - 1800;
        uint256 sum;
        for (uint256 second = opening; second < rules.expiry; ++second) {
            uint256 place = inForceAt(rounds, phase, second);
            if (place == rounds.length || second + 1 - rounds[place].date > rules.maxAge) return (false, 0);
            if (rounds[place].answer < rules.minAnswer || rounds[place].answer > rules.maxAnswer) return (false, 0);
            sum += uint256(rounds[place].answer);
        }
        return (_momentsAreSane(rounds, phase, rules, opening), sum * 1e10 / 1800);
    }

    /// @dev Rounds that were in force for no time at all, between two of one second, have to be sane as well.
    function _momentsAreSane(R[] memory rounds, uint16 phase, Rules memory rules, uint256 opening)
        private
        pure
        returns (bool)
    {
        uint256 limit = rules.expiry;
        for (; phase != 0 && limit > opening; --phase) {
            for (uint256 i; i < rounds.length; ++i) {
                R memory r = rounds[i];
                if (r.phase != phase || r.date <= opening || r.date > limit) continue;
                if (r.answer < rules.minAnswer || r.answer > rules.maxAnswer) return false;
            }
            limit = firstDate(rounds, phase);
        }
        return true;
    }
}
