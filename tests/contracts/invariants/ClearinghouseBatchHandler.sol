// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookKey} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseHandler} from "./ClearinghouseHandler.sol";

/// @notice The same four actors' batches: books and holders of a whole (market, side, expiry) at once, by somebody who
/// earns the bounties, and several calls in one with value.
abstract contract ClearinghouseBatchHandler is ClearinghouseHandler {
    /// @notice Everything of one key is settled for everybody, whatever was settled before or is there twice.
    function settleMany(uint256 what) external {
        BookKey key = keyAt(what);
        if (priceOf(key) == 0) return;
        address asset = address(assetOf(key));
        (uint256 free, uint256 locked) = _sums(key, asset);
        uint256 earned = house.freeBalance(address(this), asset);
        bool[] memory did = house.settleMany(_items(key));
        if (house.freeBalance(address(this), asset) > earned) ++done["bounty"];
        (uint256 freeAfter, uint256 lockedAfter) = _sums(key, asset);
        owed[asset] += int256(locked) - int256(lockedAfter) - int256(freeAfter - free);
        if (lockedAfter != 0) _breaks("a batch left something unsettled");
        for (uint256 i; i < did.length; ++i) {
            if (did[i]) ++done["settleMany"];
        }
    }

    /// @notice Everything of one key is redeemed for everybody; the contract among the actors has not agreed to it.
    function redeemMany(uint256 what) external {
        BookKey key = keyAt(what);
        if (priceOf(key) == 0) return;
        address asset = address(assetOf(key));
        (uint256 free,) = _sums(key, asset);
        IClearinghouse.Item[] memory items = _items(key);
        bool[] memory did = house.redeemMany(items);
        (uint256 freeAfter,) = _sums(key, asset);
        paid[asset] += freeAfter - free;
        for (uint256 i; i < did.length; ++i) {
            if (did[i] && items[i].account.code.length != 0) _breaks("redeemed for a contract without its consent");
            if (did[i]) ++done["redeemMany"];
        }
    }

    /// @notice Native coin comes in with several calls, some of it is passed on, some pays a fee.
    function multicall(uint256 who, uint256 to, uint256 what, uint256 value) external {
        (address account, address other) = (actor(who), actor(to));
        address asset = address(tokenAt(0));
        BookKey key = keyAt(what % 4 & 2);
        value = bound(value, 0, units(0));
        vm.deal(account, value);
        uint256 before = TestToken(asset).balanceOf(address(house));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.pay, (account, other, asset, value / 2));
        calls[1] = abi.encodeCall(house.accrueFee, (key, value / 4));
        vm.prank(account);
        house.multicall{value: value}(calls);
        if (TestToken(asset).balanceOf(address(house)) - before != value) _breaks("value was not wrapped once");
        deposited[asset] += value;
        putIn[account][asset] += int256(value) - int256(value / 2) - int256(value / 4);
        putIn[other][asset] += int256(value / 2);
        ++done["multicall"];
    }

    /// @dev All that an actor can have in a key, and the first item once more.
    function _items(BookKey key) private view returns (IClearinghouse.Item[] memory items) {
        items = new IClearinghouse.Item[](ACTORS * (STRIKES + 1) + 1);
        uint256 count;
        for (uint256 a; a < ACTORS; ++a) {
            items[count++] = IClearinghouse.Item(actor(a), key.series(0));
            for (uint256 s; s < STRIKES; ++s) {
                items[count++] = IClearinghouse.Item(actor(a), key.series(strikeAt(s)));
            }
        }
        items[count] = items[1];
    }

    function _sums(BookKey key, address asset) private view returns (uint256 free, uint256 locked) {
        for (uint256 a; a < ACTORS; ++a) {
            free += house.freeBalance(actor(a), asset);
            locked += house.book(actor(a), key).locked;
        }
    }
}
