// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId} from "./SeriesId.sol";

/// @notice A series that a vault has written, in one word: its amount (high 128 bits, WAD) and its id (low 128 bits).
type OpenSeries is uint256;

using {OpenSeriesLib.series, OpenSeriesLib.amount} for OpenSeries global;

/// @notice Open series in no order, each found by its id.
/// @param place Where a series stands in `items`, from 1.
struct OpenSeriesList {
    OpenSeries[] items;
    mapping(SeriesId series => uint256) place;
}

using {OpenSeriesLib.amountOf, OpenSeriesLib.set, OpenSeriesLib.remove} for OpenSeriesList global;

/// @title OpenSeriesLib
/// @notice A vault's written amounts: one slot a series, so that marking all of them reads as little as it can.
library OpenSeriesLib {
    function series(OpenSeries self) internal pure returns (SeriesId) {
        return SeriesId.wrap(uint128(OpenSeries.unwrap(self)));
    }

    function amount(OpenSeries self) internal pure returns (uint256) {
        return OpenSeries.unwrap(self) >> 128;
    }

    /// @notice The amount of a series, zero when it is not in the list.
    function amountOf(OpenSeriesList storage self, SeriesId id) internal view returns (uint256) {
        uint256 place = self.place[id];
        if (place == 0) return 0;
        uint256 slot = _slotOf(self, place);
        OpenSeries item;
        assembly ("memory-safe") {
            item := sload(slot)
        }
        return item.amount();
    }

    /// @dev Where the item at a place lies that is taken, from 1. It is in the list, whose length need not be read.
    function _slotOf(OpenSeriesList storage self, uint256 place) private view returns (uint256 slot) {
        OpenSeries[] storage items = self.items;
        assembly ("memory-safe") {
            mstore(0, items.slot)
            slot := add(keccak256(0, 32), sub(place, 1))
        }
    }

    /// @notice Stores a series' new amount, adding or removing it as needed. Amounts are below 2^128.
    function set(OpenSeriesList storage self, SeriesId id, uint256 amount_) internal {
        uint256 place = self.place[id];
        if (amount_ == 0) return remove(self, place - 1);
        OpenSeries item = OpenSeries.wrap(amount_ << 128 | SeriesId.unwrap(id));
        if (place != 0) {
            uint256 slot = _slotOf(self, place);
            assembly ("memory-safe") {
                sstore(slot, item)
            }
        } else {
            self.items.push(item);
            self.place[id] = self.items.length;
        }
    }

    /// @notice Takes the series at an index out. The last one moves into its place.
    function remove(OpenSeriesList storage self, uint256 index) internal {
        uint256 last = self.items.length - 1;
        delete self.place[self.items[index].series()];
        if (index != last) {
            OpenSeries moved = self.items[last];
            self.items[index] = moved;
            self.place[moved.series()] = index + 1;
        }
        self.items.pop();
    }
}
