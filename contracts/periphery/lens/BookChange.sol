// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IMarkets} from "../../interfaces/IMarkets.sol";
import {BookKey, SeriesId} from "../../libraries/SeriesId.sol";

/// @title BookChange
/// @notice Changes to a book's legs in memory, with the refusals of the Clearinghouse.
library BookChange {
    uint256 private constant AMOUNT_UNIT = 1e10;

    /// @notice Why nothing can be traded in a book at all; empty where it can.
    function refusal(IClearinghouse clearinghouse, address account, BookKey key, IClearinghouse.BookKind kind)
        internal
        view
        returns (bytes memory)
    {
        if (kind == IClearinghouse.BookKind.SETTLED) {
            return abi.encodeWithSelector(IClearinghouse.BookAlreadySettled.selector, account, key);
        }
        if (!IMarkets(clearinghouse.markets()).isExpiryListed(key.market(), key.expiry())) {
            return abi.encodeWithSelector(IClearinghouse.UnlistedBook.selector, key);
        }
        return "";
    }

    /// @notice Applies one change, and says what it alone would be refused for.
    /// @param legs Ascending strikes, no leg of zero.
    /// @return changed The same after the change.
    /// @return refusal_ Empty, or a revert of the Clearinghouse.
    function apply_(
        IClearinghouse clearinghouse,
        BookKey key,
        IClearinghouse.Leg[] memory legs,
        IClearinghouse.Leg memory change
    ) internal view returns (IClearinghouse.Leg[] memory changed, bytes memory refusal_) {
        uint256 place;
        while (place < legs.length && legs[place].strike < change.strike) ++place;
        bool found = place < legs.length && legs[place].strike == change.strike;
        int256 before = found ? int256(legs[place].amount) : int256(0);
        int256 afterwards = before + change.amount;
        refusal_ = _refusal(clearinghouse, key.series(change.strike), before, change.amount);
        if (afterwards > type(int128).max || afterwards < -type(int128).max) {
            return (legs, abi.encodeWithSelector(IClearinghouse.BadAmount.selector, _size(afterwards)));
        }
        // The line above keeps the amount in its field.
        // forge-lint: disable-next-line(unsafe-typecast)
        int128 amount = int128(afterwards);
        if (found && amount != 0) {
            legs[place].amount = amount;
            return (legs, refusal_);
        }
        if (!found && amount == 0) return (legs, refusal_);
        changed = new IClearinghouse.Leg[](found ? legs.length - 1 : legs.length + 1);
        for (uint256 i; i < place; ++i) {
            changed[i] = legs[i];
        }
        if (!found) changed[place] = IClearinghouse.Leg(change.strike, amount);
        for (uint256 i = found ? place + 1 : place; i < legs.length; ++i) {
            changed[found ? i - 1 : i + 1] = legs[i];
        }
    }

    /// @notice Whether any leg is long, which only a netted book holds.
    function hasLong(IClearinghouse.Leg[] memory legs) internal pure returns (bool) {
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].amount > 0) return true;
        }
        return false;
    }

    /// @dev Closing and taking back are never paused, and closing goes on past expiry.
    function _refusal(IClearinghouse clearinghouse, SeriesId series, int256 before, int256 change)
        private
        view
        returns (bytes memory)
    {
        uint256 size = _size(change);
        if (size == 0 || size % AMOUNT_UNIT != 0 || size > uint128(type(int128).max)) {
            return abi.encodeWithSelector(IClearinghouse.BadAmount.selector, size);
        }
        bool closes = change > 0 && before <= -change;
        bool takesBack = change < 0 && before >= -change;
        if (!closes && !takesBack && clearinghouse.writesPaused()) {
            return abi.encodeWithSelector(IClearinghouse.Paused.selector);
        }
        if (!closes && block.timestamp >= series.expiry()) {
            return abi.encodeWithSelector(IClearinghouse.Expired.selector, series);
        }
        if (!IMarkets(clearinghouse.markets()).isListed(series)) {
            return abi.encodeWithSelector(IClearinghouse.UnlistedSeries.selector, series);
        }
        return "";
    }

    function _size(int256 amount) private pure returns (uint256) {
        return uint256(amount < 0 ? -amount : amount);
    }
}
