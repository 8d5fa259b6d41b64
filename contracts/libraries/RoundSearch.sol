// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Round, RoundReader} from "./RoundReader.sol";

/// @notice What a search ended at.
/// @param id The last round dated at or before the limit; zero where there is none.
/// @param followed Whether the round after it (after none: the first that was looked at) exists and is dated after the limit.
struct Found {
    uint80 id;
    bool followed;
    Round round;
}

/// @notice Finds the last round of a phase that is dated at or before a limit.
/// @dev Within a phase ids are contiguous and dates do not fall, so a search by doubled steps and then by halves finds it in
/// a logarithmic number of reads. Which rounds are looked at follows from the chain's state alone: where a feed breaks
/// both rules (holes, dates out of order) the search still ends at one round, whoever asks.
library RoundSearch {
    /// @notice Searches down from a phase's newest round, not below `floor`: for a phase that still grows.
    function down(address feed, uint80 newest, uint80 floor, uint256 limit) internal view returns (Found memory found) {
        Round memory round = RoundReader.read(feed, newest);
        if (_reaches(round, limit)) return Found(newest, false, round);
        uint80 high = newest;
        for (uint256 step = 1;; step *= 2) {
            found.followed = round.exists;
            // Nothing is left below.
            if (high == floor) return found;
            uint80 low = newest - floor > step ? uint80(newest - step) : floor;
            round = RoundReader.read(feed, low);
            if (_reaches(round, limit)) {
                (found.id, found.round) = (low, round);
                break;
            }
            high = low;
        }
        _halve(feed, found, high, limit);
    }

    /// @notice Searches up from a round of a phase whose newest round is not known: for a phase that is over.
    function up(address feed, uint80 start, uint256 limit) internal view returns (Found memory found) {
        Round memory round = RoundReader.read(feed, start);
        if (!_reaches(round, limit)) return found;
        (found.id, found.round) = (start, round);
        uint80 end = RoundReader.endOf(RoundReader.phaseOf(start));
        uint80 high;
        for (uint256 step = 1;; step *= 2) {
            // A feed that has every round has no end, and nothing to find.
            if (step > end - start) return Found(0, false, round);
            high = uint80(start + step);
            round = RoundReader.read(feed, high);
            if (!_reaches(round, limit)) break;
            (found.id, found.round) = (high, round);
        }
        found.followed = round.exists;
        _halve(feed, found, high, limit);
    }

    /// @dev Closes in between a round that reaches the limit and one above it that does not.
    function _halve(address feed, Found memory found, uint80 high, uint256 limit) private view {
        while (high - found.id > 1) {
            uint80 middle = found.id + (high - found.id) / 2;
            Round memory round = RoundReader.read(feed, middle);
            if (_reaches(round, limit)) {
                (found.id, found.round) = (middle, round);
            } else {
                (high, found.followed) = (middle, round.exists);
            }
        }
    }

    function _reaches(Round memory round, uint256 limit) private pure returns (bool) {
        return round.exists && round.updatedAt <= limit;
    }
}
