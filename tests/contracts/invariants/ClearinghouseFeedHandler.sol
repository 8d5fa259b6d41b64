// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey} from "../../../contracts/libraries/SeriesId.sol";
import {ClearinghouseBatchHandler} from "./ClearinghouseBatchHandler.sol";

/// @notice A feed that starts phases, stalls over an expiry, turns negative in its window or is gone for good, and
/// anybody who then settles by whichever rule is open.
abstract contract ClearinghouseFeedHandler is ClearinghouseBatchHandler {
    /// @notice Somebody keeps spot, and with it the phase, for one of the expiries.
    function checkpoint(uint256 what) external {
        BookKey key = keyAt(what);
        markets.checkpoint(key.market(), key.expiry());
        ++done["checkpoint"];
    }

    function newPhase(uint256 price) external {
        feed.startPhase();
        feed.post(int256(bound(price, 1500e8, 5000e8)));
        ++done["newPhase"];
    }

    /// @notice The next expiry passes without a round that could price its window: none for hours, or none that is one.
    function spoilWindow(uint256 seed) external {
        if (seed % 4 != 0) return;
        for (uint256 i; i < KEYS; i += 2) {
            uint40 expiry = keyAt(i).expiry();
            if (vm.getBlockTimestamp() + 3 hours >= expiry) continue;
            if (seed / 4 % 2 == 0 && !feedIsDead) {
                vm.warp(expiry - 10 minutes);
                feed.post(-int256(bound(seed >> 16, 0, 5000e8)));
            }
            vm.warp(expiry + 60);
            ++done["spoilWindow"];
            return;
        }
    }

    /// @notice The feed is gone for good, in few of the runs: no code, or code that refuses everything.
    function killFeed(uint256 seed) external {
        if (seed % 24 != 0) return;
        vm.etch(address(feed), seed / 24 % 2 == 0 ? bytes("") : bytes(hex"5f5ffd"));
        feedIsDead = true;
        ++done["killFeed"];
    }

    /// @notice An expiry that waits for its price gets it by the rule that is open, now or after a delay.
    function settleByRule(uint256 what, uint256 seed) external {
        BookKey key = keyAt(what);
        (uint16 market, uint40 expiry) = (key.market(), key.expiry());
        if (priceOf(key) != 0 || vm.getBlockTimestamp() <= expiry) return;
        if (seed % 3 == 0) _reach(expiry + 1 days);
        if (seed % 15 == 0) _reach(expiry + 8 days);
        _tryToSettle(market, expiry);
    }

    /// @dev Whatever the feed did and does, the rules leave no expiry without a price.
    function _settleByAnyRule(uint16 market, uint40 expiry) internal {
        if (_tryToSettle(market, expiry)) return;
        _reach(expiry + 1 days);
        if (_tryToSettle(market, expiry)) return;
        _reach(expiry + 8 days);
        if (!_tryToSettle(market, expiry)) _breaks("an expiry is left without a price");
    }

    /// @dev By proof, else by the last round, else at the checkpoint. Each refuses where the one before stands, and where
    /// its time has not come.
    function _tryToSettle(uint16 market, uint40 expiry) private returns (bool) {
        uint256 elapsed = vm.getBlockTimestamp() - expiry;
        uint80 id = markets.lastRound(market, expiry);
        try markets.settle(market, expiry, id) {
            return _settledBy("settle");
        } catch {}
        try markets.settleAtLastRound(market, expiry, id) {
            if (elapsed < 1 days) _breaks("fell back within a day");
            return _settledBy("settleAtLastRound");
        } catch {}
        try markets.settleAtCheckpoint(market, expiry) {
            if (elapsed < 8 days) _breaks("took a checkpoint within eight days");
            return _settledBy("settleAtCheckpoint");
        } catch {}
        return false;
    }

    function _settledBy(bytes32 rule) private returns (bool) {
        ++done[rule];
        return true;
    }

    function _reach(uint256 timestamp) private {
        if (vm.getBlockTimestamp() < timestamp) vm.warp(timestamp);
    }
}
