// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title RequestQueue
/// @notice A queue of requests, first in first out, and what its processing made claimable for each controller.
/// @dev A request is counted in one unit: assets for deposits, shares for redemptions. Request ids run from 1. Claims are
/// kept for a controller as a whole, so claiming needs no loop; how much of one request is unclaimed follows from where
/// it lies in the controller's running total, as the oldest is claimed first.
library RequestQueue {
    using FixedPointMathLib for uint256;
    using SafeCast for uint256;

    /// @param controller Who may claim and cancel.
    /// @param readyAt When its notice ends, seconds.
    /// @param pending Units not yet processed.
    /// @param filled Units processed.
    /// @param start The controller's running total before this request's first unit was processed.
    struct Request {
        address controller;
        uint40 readyAt;
        uint128 pending;
        uint128 filled;
        uint128 start;
    }

    /// @param assets Claimable assets: what was deposited, or what is paid.
    /// @param shares Claimable shares: what was issued, or what was redeemed.
    /// @param total Units ever processed.
    struct Claim {
        uint128 assets;
        uint128 shares;
        uint128 total;
    }

    /// @param head The oldest request that waits; `tail` is the next id.
    struct Queue {
        uint64 head;
        uint64 tail;
        mapping(uint256 id => Request) requests;
        mapping(address controller => Claim) claims;
    }

    /// @notice Appends a request.
    function push(Queue storage self, address controller, uint256 units, uint256 readyAt)
        internal
        returns (uint256 id)
    {
        uint64 tail = self.tail;
        if (tail == 0) (self.head, tail) = (1, 1);
        id = tail;
        self.tail = tail + 1;
        // Times are seconds.
        self.requests[id] = Request({
            controller: controller, readyAt: uint40(readyAt), pending: units.toUint128(), filled: 0, start: 0
        });
    }

    /// @notice The oldest waiting request; id zero when there is none.
    function front(Queue storage self) internal view returns (uint256 id, Request storage request) {
        id = self.head;
        if (id == self.tail) id = 0;
        request = self.requests[id];
    }

    /// @notice Drops the oldest request from the queue; its record stays.
    function pop(Queue storage self) internal {
        ++self.head;
    }

    /// @notice Books `units` of a request as processed, claimable as `assets` and `shares`.
    function fill(Queue storage self, uint256 id, uint256 units, uint256 assets, uint256 shares) internal {
        Request storage request = self.requests[id];
        Claim storage c = self.claims[request.controller];
        uint128 total = c.total;
        // Only the oldest request is ever filled in part, so a request's units are contiguous in the total.
        if (request.filled == 0) request.start = total;
        // `units` is at most what is pending. Shares of a vault that lost nearly all may be any number.
        request.pending -= uint128(units);
        request.filled += uint128(units);
        c.total = total + uint128(units);
        c.assets += assets.toUint128();
        c.shares += shares.toUint128();
    }

    /// @notice Takes claimed assets and shares off.
    function claim(Queue storage self, address controller, uint256 assets, uint256 shares) internal {
        Claim storage c = self.claims[controller];
        c.assets -= uint128(assets);
        c.shares -= uint128(shares);
    }

    /// @notice Shares that go with `assets` of a controller's claims, rounded down (`up` false) or up.
    function sharesOf(Queue storage self, address controller, uint256 assets, bool up) internal view returns (uint256) {
        Claim storage c = self.claims[controller];
        (uint256 held, uint256 shares) = (c.assets, c.shares);
        if (assets > held) revert IOptionVault.ClaimTooLarge(controller, assets, held);
        if (assets == held) return shares;
        return up ? assets.fullMulDivUp(shares, held) : assets.fullMulDiv(shares, held);
    }

    /// @notice Assets that go with `shares` of a controller's claims, rounded down (`up` false) or up.
    function assetsOf(Queue storage self, address controller, uint256 shares, bool up) internal view returns (uint256) {
        Claim storage c = self.claims[controller];
        (uint256 assets, uint256 held) = (c.assets, c.shares);
        if (shares > held) revert IOptionVault.ClaimTooLarge(controller, shares, held);
        if (shares == held) return assets;
        return up ? shares.fullMulDivUp(assets, held) : shares.fullMulDiv(assets, held);
    }

    /// @notice Units of a request that wait; zero for another controller's.
    function pendingOf(Queue storage self, uint256 id, address controller) internal view returns (uint256) {
        Request storage request = self.requests[id];
        return request.controller == controller ? request.pending : 0;
    }

    /// @notice Units of a request that are processed and unclaimed.
    /// @param unclaimed Units of the controller's claims as a whole.
    function claimableOf(Queue storage self, uint256 id, address controller, uint256 unclaimed)
        internal
        view
        returns (uint256)
    {
        Request storage request = self.requests[id];
        if (request.controller != controller) return 0;
        uint256 claimed = self.claims[controller].total - unclaimed;
        uint256 start = request.start;
        return (start + request.filled).zeroFloorSub(start.max(claimed));
    }
}
