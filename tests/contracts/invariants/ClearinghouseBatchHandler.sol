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

    /// @notice A deposit by signature and a payment out of it in one call, with the permit used by somebody else before or
    /// not; the signature is good for one deposit.
    function multicallWithPermit(uint256 who, uint256 to, uint256 what, uint256 assets) external {
        who %= ACTORS - 1;
        (address account, address other) = (actor(who), actor(to));
        TestToken asset = tokenAt(what);
        assets = bound(assets, 1, units(what));
        asset.mint(account, assets);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _depositBySignature(who, asset, assets, what / TOKENS % 2 == 1);
        calls[1] = abi.encodeCall(house.pay, (account, other, address(asset), assets / 2));
        vm.prank(account);
        house.multicall(calls);
        deposited[address(asset)] += assets;
        putIn[account][address(asset)] += int256(assets) - int256(assets / 2);
        putIn[other][address(asset)] += int256(assets / 2);
        vm.prank(account);
        (bool again,) = address(house).call(calls[0]);
        if (again) _breaks("a permit was good for two deposits");
        ++done["multicallWithPermit"];
    }

    function _depositBySignature(uint256 who, TestToken asset, uint256 assets, bool taken)
        private
        returns (bytes memory)
    {
        address account = actor(who);
        uint256 deadline = vm.getBlockTimestamp();
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                account,
                address(house),
                assets,
                asset.nonces(account),
                deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", asset.DOMAIN_SEPARATOR(), permit));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(who), digest);
        if (taken) asset.permit(account, address(house), assets, deadline, v, r, s);
        return abi.encodeCall(house.depositWithPermit, (address(asset), assets, deadline, v, r, s));
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
