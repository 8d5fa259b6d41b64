// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";

/// @notice The stored legs of one netted book: strictly ascending strikes, one slot a leg, no leg of zero.
/// @dev The number of legs is kept with the book, so the array needs no length slot.
library NettedLegs {
    /// @dev The language takes no other library's constant for an array's length; a test compares the two.
    uint256 internal constant MAX_LEGS = 16;

    /// @notice A leg's amount would leave the range of its field.
    error LegTooLarge(uint64 strike, int256 amount);

    struct Stored {
        IClearinghouse.Leg[MAX_LEGS] slots;
    }

    /// @notice All legs, ascending.
    function load(Stored storage self, uint256 count) internal view returns (IClearinghouse.Leg[] memory legs) {
        legs = new IClearinghouse.Leg[](count);
        for (uint256 i; i < count; ++i) {
            legs[i] = self.slots[i];
        }
    }

    /// @notice The amount at a strike, zero when the book has none there.
    function amountAt(Stored storage self, uint256 count, uint64 strike) internal view returns (int256) {
        for (uint256 i; i < count; ++i) {
            IClearinghouse.Leg memory leg = self.slots[i];
            if (leg.strike == strike) return leg.amount;
        }
        return 0;
    }

    /// @notice Adds `change` to the leg at `strike`: inserts a new leg in its place, takes one away that comes to zero.
    /// @return legs All legs after the change.
    /// @return before The leg's amount before it.
    function add(Stored storage self, uint256 count, uint64 strike, int256 change)
        internal
        returns (IClearinghouse.Leg[] memory legs, int256 before)
    {
        legs = load(self, count);
        uint256 position;
        while (position < count && legs[position].strike < strike) ++position;
        bool held = position < count && legs[position].strike == strike;
        if (held) before = legs[position].amount;
        int256 amount = before + change;
        // The lowest int128 is left out, so that every amount has its opposite.
        require(amount >= -type(int128).max && amount <= type(int128).max, LegTooLarge(strike, amount));

        if (held && amount != 0) {
            // The line above keeps the amount in its field.
            // forge-lint: disable-next-line(unsafe-typecast)
            legs[position].amount = int128(amount);
            self.slots[position] = legs[position];
        } else if (held) {
            legs = _without(legs, position);
            for (uint256 i = position; i < legs.length; ++i) {
                self.slots[i] = legs[i];
            }
            delete self.slots[legs.length];
        } else {
            require(count < MAX_LEGS, IClearinghouse.TooManyLegs(count + 1, MAX_LEGS));
            // forge-lint: disable-next-line(unsafe-typecast)
            legs = _with(legs, position, IClearinghouse.Leg(strike, int128(amount)));
            for (uint256 i = position; i <= count; ++i) {
                self.slots[i] = legs[i];
            }
        }
    }

    /// @notice Clears all legs.
    function clear(Stored storage self, uint256 count) internal {
        for (uint256 i; i < count; ++i) {
            delete self.slots[i];
        }
    }

    function _with(IClearinghouse.Leg[] memory legs, uint256 position, IClearinghouse.Leg memory leg)
        private
        pure
        returns (IClearinghouse.Leg[] memory longer)
    {
        longer = new IClearinghouse.Leg[](legs.length + 1);
        for (uint256 i; i < longer.length; ++i) {
            longer[i] = i < position ? legs[i] : i == position ? leg : legs[i - 1];
        }
    }

    function _without(IClearinghouse.Leg[] memory legs, uint256 position)
        private
        pure
        returns (IClearinghouse.Leg[] memory shorter)
    {
        shorter = new IClearinghouse.Leg[](legs.length - 1);
        for (uint256 i; i < shorter.length; ++i) {
            shorter[i] = i < position ? legs[i] : legs[i + 1];
        }
    }
}
