// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";

/// @notice The expiries of a market that have a slice, ascending, in one storage slot: 15 entries of 17 bits from the lowest
/// bits up. An entry is the expiry's day since 1970 (16 bits) and, below it, whether its newest report was clipped.
type ExpiryList is uint256;

using ExpiryLists for ExpiryList global;

/// @notice An entry while a batch is worked on: the expiry, whether its newest report was clipped, and its place in the
/// batch.
/// @dev expiry << 16 | (index in the batch + 1, or 0) << 8 | clipped.
type ExpiryEntry is uint256;

using ExpiryLists for ExpiryEntry global;

/// @notice A market's surface while a batch is worked on.
/// @param changed Whether the list must be stored again.
/// @param count How many entries there are, ascending by expiry.
/// @param posted What the batch stores, in its order.
struct Surface {
    bool changed;
    uint256 count;
    ExpiryEntry[15] entries;
    IVolatilityOracle.Slice[] posted;
}

using ExpiryLists for Surface global;

/// @title ExpiryLists
/// @notice Finding the neighbours of an expiry costs one storage read for the whole market.
/// @dev Relies on what Markets lists: expiries at 08:00 UTC, one a day at most.
library ExpiryLists {
    /// @notice Most expiries of a market with a slice at one time. Three dailies, months and quarters are fewer.
    uint256 internal constant MOST = 15;

    uint256 private constant BITS = 17;
    uint256 private constant MASK = (1 << BITS) - 1;
    uint256 private constant TIME_OF_DAY = 8 hours;
    uint256 private constant LAST_DAY = type(uint16).max;

    // --- entries ---

    function expiry(ExpiryEntry self) internal pure returns (uint40) {
        return uint40(ExpiryEntry.unwrap(self) >> 16);
    }

    function isClipped(ExpiryEntry self) internal pure returns (bool) {
        return ExpiryEntry.unwrap(self) & 1 != 0;
    }

    function isPosted(ExpiryEntry self) internal pure returns (bool) {
        return uint8(ExpiryEntry.unwrap(self) >> 8) != 0;
    }

    /// @notice The slice that the batch stores for a posted entry.
    function slice(Surface memory self, ExpiryEntry entry) internal pure returns (IVolatilityOracle.Slice memory) {
        return self.posted[uint8(ExpiryEntry.unwrap(entry) >> 8) - 1];
    }

    // --- the list ---

    /// @notice The entries of a list that have not passed at `time`, with room for what a batch of `slices` stores.
    function open(ExpiryList self, uint256 time, uint256 slices) internal pure returns (Surface memory surface) {
        surface.posted = new IVolatilityOracle.Slice[](slices);
        uint256 count;
        unchecked {
            for (uint256 word = ExpiryList.unwrap(self); word != 0; word >>= BITS) {
                uint256 moment = ((word & MASK) >> 1) * 1 days + TIME_OF_DAY;
                if (moment <= time) {
                    surface.changed = true;
                    continue;
                }
                surface.entries[count++] = ExpiryEntry.wrap(moment << 16 | (word & 1));
            }
        }
        surface.count = count;
    }

    /// @notice The list to store.
    function close(Surface memory self) internal pure returns (ExpiryList) {
        uint256 word;
        unchecked {
            for (uint256 i = self.count; i != 0; --i) {
                ExpiryEntry entry = self.entries[i - 1];
                word = word << BITS | (uint256(expiry(entry)) / 1 days) << 1 | (ExpiryEntry.unwrap(entry) & 1);
            }
        }
        return ExpiryList.wrap(word);
    }

    // --- the surface ---

    /// @notice Where an expiry stands, or would stand, and whether it is there. Looks from `from` on.
    function find(Surface memory self, uint40 wanted, uint256 from) internal pure returns (uint256 place, bool found) {
        unchecked {
            for (place = from; place < self.count; ++place) {
                uint40 here = expiry(self.entries[place]);
                if (here >= wanted) return (place, here == wanted);
            }
        }
    }

    /// @notice Makes room for a new expiry at its place. The caller has seen to it that there is some.
    function insert(Surface memory self, uint256 place, uint40 added) internal pure {
        if (added / 1 days > LAST_DAY) revert IVolatilityOracle.ExpiryTooFar(added);
        unchecked {
            for (uint256 i = self.count++; i > place; --i) {
                self.entries[i] = self.entries[i - 1];
            }
        }
        self.entries[place] = ExpiryEntry.wrap(uint256(added) << 16);
        self.changed = true;
    }

    /// @notice Takes an entry out.
    function remove(Surface memory self, uint256 place) internal pure {
        self.changed = true;
        unchecked {
            uint256 count = --self.count;
            for (uint256 i = place; i < count; ++i) {
                self.entries[i] = self.entries[i + 1];
            }
        }
    }

    /// @notice Notes what the batch stores at a place.
    function set(Surface memory self, uint256 place, uint256 index, IVolatilityOracle.Slice memory stored, bool clipped)
        internal
        pure
    {
        self.posted[index] = stored;
        ExpiryEntry entry = self.entries[place];
        if (isClipped(entry) != clipped) self.changed = true;
        uint256 kept = ExpiryEntry.unwrap(entry) >> 16 << 16;
        // the batch is ascending and every expiry in it takes one of fifteen places, so the index is small
        self.entries[place] = ExpiryEntry.wrap(kept | (index + 1) << 8 | (clipped ? 1 : 0));
    }
}
