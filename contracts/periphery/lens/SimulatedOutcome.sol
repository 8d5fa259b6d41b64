// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IMarkets} from "../../interfaces/IMarkets.sol";
import {IAccountLens} from "../../interfaces/lens/IAccountLens.sol";
import {ISimulator} from "../../interfaces/lens/ISimulator.sol";
import {Payoff} from "../../libraries/Payoff.sol";
import {BookKey} from "../../libraries/SeriesId.sol";
import {WorstLoss} from "../../libraries/WorstLoss.sol";

/// @title SimulatedOutcome
/// @notice What lies between two snapshots of an account: cash at once, and options until they settle.
library SimulatedOutcome {
    /// @notice One outcome for each book watched.
    function between(
        IMarkets markets,
        IAccountLens.Watch calldata watch,
        IAccountLens.Snapshot memory before,
        IAccountLens.Snapshot memory afterwards
    ) internal view returns (ISimulator.Outcome[] memory outcomes) {
        outcomes = new ISimulator.Outcome[](watch.books.length);
        for (uint256 i; i < outcomes.length; ++i) {
            BookKey key = watch.books[i];
            (address token, uint8 decimals) = markets.settlementAsset(key.market(), key.side());
            ISimulator.Outcome memory o = outcomes[i];
            (o.key, o.token) = (key, token);
            o.cash = _cash(markets, token, afterwards) - _cash(markets, token, before);
            IClearinghouse.Leg[] memory legs = _changed(before.positions[i], afterwards.positions[i]);
            uint256 owed;
            (owed, o.worstPrice) = WorstLoss.find(key.side(), legs, Payoff.scaleOf(decimals));
            int256 lost = int256(owed) - o.cash;
            if (lost > 0) o.worstLoss = uint256(lost);
            // The price is known: nothing lies ahead.
            if (afterwards.positions[i].settlementPrice != 0) o.worstPrice = afterwards.positions[i].settlementPrice;
        }
    }

    /// @dev In hand, free, and locked in the books watched; what a known price has made due counts as that.
    function _cash(IMarkets markets, address token, IAccountLens.Snapshot memory v) private view returns (int256 sum) {
        for (uint256 i; i < v.balances.length; ++i) {
            if (v.balances[i].token == token) sum += int256(v.balances[i].wallet) + int256(v.balances[i].free);
        }
        for (uint256 i; i < v.positions.length; ++i) {
            IAccountLens.Position memory p = v.positions[i];
            (address asset,) = markets.settlementAsset(p.key.market(), p.key.side());
            if (asset != token) continue;
            sum += int256(p.settlementPrice == 0 ? p.locked : p.settlementCredit);
            for (uint256 j; j < p.holdings.length; ++j) {
                sum += int256(p.holdings[j].payoff);
            }
        }
    }

    /// @dev Book and tokens together, after less before, of what is not settled; both ascend by strike.
    function _changed(IAccountLens.Position memory before, IAccountLens.Position memory afterwards)
        private
        pure
        returns (IClearinghouse.Leg[] memory legs)
    {
        // A price once known stays known.
        if (afterwards.settlementPrice != 0) return legs;
        (IAccountLens.Holding[] memory from, IAccountLens.Holding[] memory to) = (before.holdings, afterwards.holdings);
        legs = new IClearinghouse.Leg[](from.length + to.length);
        uint256 i;
        uint256 j;
        uint256 count;
        while (i < from.length || j < to.length) {
            uint64 strike = j == to.length || (i < from.length && from[i].series < to[j].series)
                ? from[i].series.strike()
                : to[j].series.strike();
            int256 change;
            if (i < from.length && from[i].series.strike() == strike) change -= _sum(from[i++]);
            if (j < to.length && to[j].series.strike() == strike) change += _sum(to[j++]);
            if (change != 0) legs[count++] = IClearinghouse.Leg(strike, _fit(change));
        }
        assembly ("memory-safe") {
            mstore(legs, count)
        }
    }

    function _sum(IAccountLens.Holding memory h) private pure returns (int256) {
        return h.booked + int256(h.held);
    }

    /// @dev More than fits, on a token that mints without end, is as good as the most.
    function _fit(int256 amount) private pure returns (int128) {
        if (amount > type(int128).max) return type(int128).max;
        if (amount < -type(int128).max) return -type(int128).max;
        // forge-lint: disable-next-line(unsafe-typecast)
        return int128(amount);
    }
}
