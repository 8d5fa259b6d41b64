// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {ExpiryEntry, ExpiryList, ExpiryLists, Surface} from "./ExpiryList.sol";
import {SliceMoves} from "./SliceMoves.sol";
import {SliceStorage} from "./SliceStorage.sol";

/// @notice Where an expiry stands.
/// @param haltedUntil When the signers' halt ends.
/// @param clipped Whether the newest report was clipped: trades wait until a report fits.
/// @param since When its first report was stored.
struct ExpiryState {
    uint40 haltedUntil;
    bool clipped;
    uint40 since;
}

/// @notice All that is stored of a market's surface.
/// @param list Passed expiries leave with the next report, stale ones when room is needed.
struct MarketSlices {
    ExpiryList list;
    mapping(uint40 expiry => IVolatilityOracle.Slice) newest;
    mapping(uint40 expiry => IVolatilityOracle.Slice) previous;
    mapping(uint40 expiry => ExpiryState) states;
}

using MarketSlicesLib for MarketSlices global;

// Expiries, counts and slices are compared for what they are: no balance takes part.
// slither-disable-start incorrect-equality
/// @title MarketSlicesLib
/// @notice The slices of a market beside one another: which bind, the calendar conditions between them, and which is nearest.
/// @dev **Calendar.** A slice *binds* when it is fresh (younger than the heartbeat), its expiry has not passed and its
/// newest report was not clipped. What is kept is: any two binding slices, both carried to the present, satisfy the
/// conditions of Hendriks and Martini. The conditions are an order (transitive), and hold for ever once they hold, since
/// the nearer slice decays faster; so it is enough to compare each posted slice with its binding neighbours, at the time of
/// the block, once the whole batch is stored.
///
/// Slices that do not bind are passed over, for they are not traded on: reads refuse a stale one, and a clipped one is
/// halted until a report fits. This is what keeps reports alive. A clipped slice is a compromise that nobody signed and
/// need not fit its neighbours; were it to refuse the batch, or the neighbours' next reports, a fast market could lock its
/// expiries against each other. As it is, a batch of all expiries whose slices fit one another is never refused for the
/// calendar, whatever is stored; and a slice that is left out of batches can refuse the others for a heartbeat at most.
library MarketSlicesLib {
    using SliceStorage for IVolatilityOracle.Slice;

    /// @notice The slice of an entry, and whether reads would still give it.
    function fresh(MarketSlices storage self, Surface memory surface, ExpiryEntry entry, uint256 heartbeat)
        internal
        view
        returns (bool isFresh, IVolatilityOracle.Slice memory found)
    {
        // the age of a posted one was looked at with the batch
        if (entry.isPosted()) return (true, surface.slice(entry));
        found = SliceStorage.unpack(self.newest[entry.expiry()].load());
        isFresh = block.timestamp - found.timestamp <= heartbeat;
    }

    /// @notice The expiries whose slices bind.
    function binding(MarketSlices storage self, uint256 heartbeat) internal view returns (uint40[] memory expiries) {
        Surface memory surface = self.list.open(block.timestamp, 0);
        expiries = new uint40[](surface.count);
        uint256 count;
        for (uint256 i; i < surface.count; ++i) {
            ExpiryEntry entry = surface.entries[i];
            if (entry.isClipped()) continue;
            (bool isFresh,) = fresh(self, surface, entry, heartbeat);
            if (isFresh) expiries[count++] = entry.expiry();
        }
        assembly ("memory-safe") {
            mstore(expiries, count)
        }
    }

    /// @notice Holds each posted slice that binds against the nearest one that binds on either side.
    function checkCalendar(MarketSlices storage self, Surface memory surface, uint256 heartbeat) internal view {
        uint256 count = surface.count;
        for (uint256 i; i < count; ++i) {
            ExpiryEntry own = surface.entries[i];
            if (!own.isPosted() || own.isClipped()) continue;
            IVolatilityOracle.Slice memory middle = surface.slice(own);
            for (uint256 j = i; j != 0; --j) {
                ExpiryEntry entry = surface.entries[j - 1];
                if (entry.isClipped()) continue;
                (bool isFresh, IVolatilityOracle.Slice memory near) = fresh(self, surface, entry, heartbeat);
                if (!isFresh) continue;
                _requireCalendarFree(near, entry.expiry(), middle, own.expiry());
                break;
            }
            for (uint256 j = i + 1; j < count; ++j) {
                ExpiryEntry entry = surface.entries[j];
                if (entry.isClipped()) continue;
                // a posted one looks back itself
                if (entry.isPosted()) break;
                (bool isFresh, IVolatilityOracle.Slice memory far) = fresh(self, surface, entry, heartbeat);
                if (!isFresh) continue;
                _requireCalendarFree(middle, own.expiry(), far, entry.expiry());
                break;
            }
        }
    }

    function _requireCalendarFree(
        IVolatilityOracle.Slice memory near,
        uint40 nearExpiry,
        IVolatilityOracle.Slice memory far,
        uint40 farExpiry
    ) private view {
        if (!SliceMoves.isCalendarFree(near, nearExpiry, far, farExpiry, block.timestamp)) {
            revert IVolatilityOracle.CalendarArbitrage(nearExpiry, farExpiry);
        }
    }

    /// @notice The expiry nearest in time to the one at `place` that may vouch for its first report, or zero: one with a fresh
    /// slice, whose own first report is `age` old.
    /// @dev New expiries do not vouch for one another, in one batch or in two: a chain of first reports, each within the
    /// bound of the one before, would go in one block where reports of an expiry may go in as many days.
    function nearest(MarketSlices storage self, Surface memory surface, uint256 place, uint256 heartbeat, uint256 age)
        internal
        view
        returns (uint40 near, IVolatilityOracle.Slice memory found)
    {
        uint40 expiry = surface.entries[place].expiry();
        bool isFresh;
        for (uint256 j = place; j != 0 && near == 0; --j) {
            ExpiryEntry entry = surface.entries[j - 1];
            if (!_isOld(self, entry.expiry(), age)) continue;
            (isFresh, found) = fresh(self, surface, entry, heartbeat);
            if (isFresh) near = entry.expiry();
        }
        for (uint256 j = place + 1; j < surface.count; ++j) {
            uint40 candidate = surface.entries[j].expiry();
            if (near != 0 && candidate - expiry >= expiry - near) break;
            if (!_isOld(self, candidate, age)) continue;
            IVolatilityOracle.Slice memory other;
            (isFresh, other) = fresh(self, surface, surface.entries[j], heartbeat);
            if (isFresh) return (candidate, other);
        }
    }

    function _isOld(MarketSlices storage self, uint40 expiry, uint256 age) private view returns (bool) {
        uint256 since = self.states[expiry].since;
        return since != 0 && since + age <= block.timestamp;
    }

    /// @notice Puts an expiry into the list. A full list first loses its stale ones, which bind nobody and come back with
    /// their next report.
    /// @return Where it stands then.
    function insert(
        MarketSlices storage self,
        Surface memory surface,
        uint16 market,
        uint40 expiry,
        uint256 place,
        uint256 heartbeat
    ) internal view returns (uint256) {
        if (surface.count == ExpiryLists.MOST) {
            for (uint256 i = surface.count; i != 0; --i) {
                (bool isFresh,) = fresh(self, surface, surface.entries[i - 1], heartbeat);
                if (!isFresh) surface.remove(i - 1);
            }
            if (surface.count == ExpiryLists.MOST) {
                revert IVolatilityOracle.TooManyExpiries(market, ExpiryLists.MOST);
            }
            (place,) = surface.find(expiry, 0);
        }
        surface.insert(place, expiry);
        return place;
    }
}
// slither-disable-end incorrect-equality
