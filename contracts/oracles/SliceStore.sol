// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {ExpiryEntry, ExpiryList, ExpiryLists, Surface} from "../libraries/ExpiryList.sol";
import {SLICE_POINTS, SliceMoves} from "../libraries/SliceMoves.sol";
import {SliceStorage} from "../libraries/SliceStorage.sol";
import {ReportRules} from "./ReportRules.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

// Expiries, counts and slices are compared for what they are: no balance takes part.
// slither-disable-start incorrect-equality
/// @title SliceStore
/// @notice The slices, and what a report must satisfy before it becomes one: butterfly, range, carry, a bounded move, and
/// the calendar conditions between the slices of a market.
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
abstract contract SliceStore is ReportRules {
    using SliceStorage for Slice;

    /// @param until When the signers' halt ends.
    /// @param clipped Whether the newest report was clipped: trades wait until a report fits.
    struct Halt {
        uint40 until;
        bool clipped;
    }

    /// @inheritdoc IVolatilityOracle
    IMarkets public immutable markets;

    mapping(uint16 market => mapping(uint40 expiry => Slice)) internal _newest;
    mapping(uint16 market => mapping(uint40 expiry => Slice)) internal _previous;
    mapping(uint16 market => mapping(uint40 expiry => Halt)) internal _halts;
    /// @dev Passed expiries leave with the next report, stale ones when room is needed.
    mapping(uint16 market => ExpiryList) private _lists;

    constructor(address markets_) {
        markets = IMarkets(markets_);
    }

    /// @inheritdoc IVolatilityOracle
    function bindingExpiries(uint16 market) external view returns (uint40[] memory expiries) {
        Surface memory surface = _lists[market].open(block.timestamp, 0);
        expiries = new uint40[](surface.count);
        uint256 count;
        uint256 heartbeat_ = _rules.heartbeat;
        for (uint256 i; i < surface.count; ++i) {
            ExpiryEntry entry = surface.entries[i];
            if (entry.isClipped()) continue;
            (bool fresh,) = _fresh(market, surface, entry, heartbeat_);
            if (fresh) expiries[count++] = entry.expiry();
        }
        assembly ("memory-safe") {
            mstore(expiries, count)
        }
    }

    /// @dev Checks and stores a batch, each slice clipped where it moved too far, then looks at the whole.
    function _storeBatch(SurfaceReport calldata report, Rules memory rules) internal {
        uint256 count = report.slices.length;
        uint16 market = report.market;
        Surface memory surface = _lists[market].open(block.timestamp, count);
        uint40 expiry;
        uint256 place;
        for (uint256 i; i < count; ++i) {
            SliceReport calldata given = report.slices[i];
            if (i != 0 && given.expiry <= expiry) revert ExpiriesNotAscending(expiry, given.expiry);
            expiry = given.expiry;
            Slice memory next = Slice({
                theta: given.theta, phi: given.phi, rho: given.rho, carry: given.carry, timestamp: report.timestamp
            });
            place = _store(market, expiry, next, rules, surface, place, i);
        }
        _checkCalendar(market, surface, rules.heartbeat);
        if (surface.changed) _lists[market] = surface.close();
    }

    /// @dev Checks one slice and stores it, clipped where it moved too far.
    /// @param from Where the list is searched from: the place of the slice before.
    /// @return place Where it stands in the list.
    function _store(
        uint16 market,
        uint40 expiry,
        Slice memory next,
        Rules memory rules,
        Surface memory surface,
        uint256 from,
        uint256 index
    ) private returns (uint256 place) {
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry);
        Slice storage newest = _newest[market][expiry];
        uint256 word = newest.load();
        Slice memory stored = SliceStorage.unpack(word);
        // what is listed stays listed
        if (stored.timestamp == 0 && !markets.isExpiryListed(market, expiry)) revert UnlistedExpiry(market, expiry);
        if (next.timestamp <= stored.timestamp) revert ReportNotNewer(next.timestamp, stored.timestamp);
        if (!SliceMoves.isButterflyFree(next)) revert ButterflyArbitrage(expiry);
        if (!SliceMoves.carryInRange(next.carry, expiry - next.timestamp)) {
            revert CarryOutOfRange(expiry, int256(next.carry) * 1e9);
        }

        bool known;
        (place, known) = surface.find(expiry, from);
        if (!known) place = _insert(market, expiry, rules.heartbeat, surface, place);
        bool wasClipped = known ? surface.entries[place].isClipped() : _halts[market][expiry].clipped;
        bool clipped;
        if (stored.timestamp == 0) {
            _checkFirst(market, expiry, next, rules, surface, place);
        } else {
            (next, clipped) = _bound(stored, next, expiry, rules);
            _previous[market][expiry].store(word);
        }
        newest.store(next.pack());
        surface.set(place, index, next, clipped);
        if (clipped != wasClipped) _setClipped(market, expiry, clipped);
        emit SlicePosted(market, expiry, next.theta, next.phi, next.rho, next.carry, next.timestamp, clipped);
    }

    /// @dev Halts on a clipped report, resumes on the first one that fits.
    function _setClipped(uint16 market, uint40 expiry, bool clipped) private {
        Halt storage state = _halts[market][expiry];
        uint40 until = state.until;
        state.clipped = clipped;
        if (clipped) emit ExpiryHalted(market, expiry, type(uint40).max, address(0));
        else if (until > block.timestamp) emit ExpiryHalted(market, expiry, until, address(0));
        else emit ExpiryResumed(market, expiry);
    }

    // --- moves ---

    /// @dev Holds a report to the bound around the stored slice. The time that counts is between the reports' own times:
    /// any number of reports in one block together move no further than one.
    function _bound(Slice memory stored, Slice memory next, uint40 expiry, Rules memory rules)
        private
        pure
        returns (Slice memory, bool clipped)
    {
        uint256 elapsed = FixedPointMathLib.min(next.timestamp - stored.timestamp, rules.maxMoveSeconds);
        uint256 unit = SliceMoves.deviation(stored, expiry, expiry - next.timestamp);
        uint256[SLICE_POINTS] memory from = SliceMoves.variances(stored, expiry, unit);
        uint256[SLICE_POINTS] memory to = SliceMoves.variances(next, expiry, unit);
        _checkRange(expiry, to);

        int40 carry = SliceMoves.clampCarry(stored.carry, next.carry, rules.carryPerDay * elapsed / 1 days);
        if (carry != next.carry) {
            next.carry = carry;
            clipped = true;
        }
        uint256 limit = rules.volatilityPerDay * elapsed / 1 days;
        if (!SliceMoves.within(from, to, limit)) {
            next = SliceMoves.clip(stored, next, expiry, unit, from, limit);
            clipped = true;
        }
        return (next, clipped);
    }

    /// @dev The first report of an expiry lies within the bound (for the whole capped time) of the nearest expiry that has a
    /// fresh slice, compared at equal numbers of standard deviations, or else of the market's anchor, which has no carry.
    function _checkFirst(
        uint16 market,
        uint40 expiry,
        Slice memory next,
        Rules memory rules,
        Surface memory surface,
        uint256 place
    ) private view {
        uint256[SLICE_POINTS] memory to = SliceMoves.variances(
            next, expiry, SliceMoves.deviation(next, expiry, expiry - next.timestamp)
        );
        _checkRange(expiry, to);
        uint256 limit = rules.volatilityPerDay * uint256(rules.maxMoveSeconds) / 1 days;
        uint256 carryLimit = rules.carryPerDay * uint256(rules.maxMoveSeconds) / 1 days;

        (uint40 near, Slice memory neighbour) = _nearest(market, surface, place, rules.heartbeat);
        if (near != 0) {
            uint256[SLICE_POINTS] memory from = SliceMoves.variances(
                neighbour, near, SliceMoves.deviation(neighbour, near, near - neighbour.timestamp)
            );
            if (
                SliceMoves.within(from, to, limit)
                    && SliceMoves.clampCarry(neighbour.carry, next.carry, carryLimit) == next.carry
            ) return;
        }
        uint256 level = anchor[market];
        if (level == 0) {
            if (near == 0) revert NoAnchor(market);
            revert FirstReportTooFar(expiry);
        }
        if (!SliceMoves.within(to, level, limit) || SliceMoves.clampCarry(0, next.carry, carryLimit) != next.carry) {
            revert FirstReportTooFar(expiry);
        }
    }

    function _checkRange(uint40 expiry, uint256[SLICE_POINTS] memory variance) private pure {
        if (!SliceMoves.inRange(variance)) revert VolatilityOutOfRange(expiry, SliceMoves.outOfRange(variance));
    }

    // --- neighbours ---

    /// @dev Each posted slice that binds against the nearest one that binds on either side.
    function _checkCalendar(uint16 market, Surface memory surface, uint256 heartbeat_) private view {
        uint256 count = surface.count;
        for (uint256 i; i < count; ++i) {
            ExpiryEntry own = surface.entries[i];
            if (!own.isPosted() || own.isClipped()) continue;
            Slice memory middle = surface.slice(own);
            for (uint256 j = i; j != 0; --j) {
                ExpiryEntry entry = surface.entries[j - 1];
                if (entry.isClipped()) continue;
                (bool fresh, Slice memory near) = _fresh(market, surface, entry, heartbeat_);
                if (!fresh) continue;
                _requireCalendarFree(near, entry.expiry(), middle, own.expiry());
                break;
            }
            for (uint256 j = i + 1; j < count; ++j) {
                ExpiryEntry entry = surface.entries[j];
                if (entry.isClipped()) continue;
                // a posted one looks back itself
                if (entry.isPosted()) break;
                (bool fresh, Slice memory far) = _fresh(market, surface, entry, heartbeat_);
                if (!fresh) continue;
                _requireCalendarFree(middle, own.expiry(), far, entry.expiry());
                break;
            }
        }
    }

    function _requireCalendarFree(Slice memory near, uint40 nearExpiry, Slice memory far, uint40 farExpiry)
        private
        view
    {
        if (!SliceMoves.isCalendarFree(near, nearExpiry, far, farExpiry, block.timestamp)) {
            revert CalendarArbitrage(nearExpiry, farExpiry);
        }
    }

    /// @dev The slice of an entry, and whether reads would still give it.
    function _fresh(uint16 market, Surface memory surface, ExpiryEntry entry, uint256 heartbeat_)
        private
        view
        returns (bool fresh, Slice memory found)
    {
        // the age of a posted one was looked at with the batch
        if (entry.isPosted()) return (true, surface.slice(entry));
        found = SliceStorage.unpack(_newest[market][entry.expiry()].load());
        fresh = block.timestamp - found.timestamp <= heartbeat_;
    }

    /// @dev The expiry nearest in time to the one at `place` that has a fresh slice, or zero.
    function _nearest(uint16 market, Surface memory surface, uint256 place, uint256 heartbeat_)
        private
        view
        returns (uint40 near, Slice memory found)
    {
        uint40 expiry = surface.entries[place].expiry();
        bool fresh;
        for (uint256 j = place; j != 0 && !fresh; --j) {
            ExpiryEntry entry = surface.entries[j - 1];
            (fresh, found) = _fresh(market, surface, entry, heartbeat_);
            if (fresh) near = entry.expiry();
        }
        for (uint256 j = place + 1; j < surface.count; ++j) {
            uint40 candidate = surface.entries[j].expiry();
            if (near != 0 && candidate - expiry >= expiry - near) break;
            Slice memory other;
            (fresh, other) = _fresh(market, surface, surface.entries[j], heartbeat_);
            if (fresh) return (candidate, other);
        }
    }

    /// @dev Puts an expiry into the list. A full list first loses its stale ones, which bind nobody and come back with
    /// their next report.
    function _insert(uint16 market, uint40 expiry, uint256 heartbeat_, Surface memory surface, uint256 place)
        private
        view
        returns (uint256)
    {
        if (surface.count == ExpiryLists.MOST) {
            for (uint256 i = surface.count; i != 0; --i) {
                (bool fresh,) = _fresh(market, surface, surface.entries[i - 1], heartbeat_);
                if (!fresh) surface.remove(i - 1);
            }
            if (surface.count == ExpiryLists.MOST) revert TooManyExpiries(market, ExpiryLists.MOST);
            (place,) = surface.find(expiry, 0);
        }
        surface.insert(place, expiry);
        return place;
    }
}
// slither-disable-end incorrect-equality
