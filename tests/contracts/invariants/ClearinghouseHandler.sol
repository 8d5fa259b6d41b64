// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseWorld} from "./ClearinghouseWorld.sol";

/// @notice Four actors who do everything the Clearinghouse lets them, on both sides of two markets, over expiries that
/// come and settle in the middle of a run.
/// @dev Arguments are folded into what is likely to pass; what still reverts is a legal refusal and changes nothing.
abstract contract ClearinghouseHandler is ClearinghouseWorld {
    // --- collateral ---

    function deposit(uint256 who, uint256 what, uint256 assets) external {
        TestToken asset = tokenAt(what);
        assets = bound(assets, 1, units(what));
        asset.mint(actor(who), assets);
        uint256 before = asset.balanceOf(address(house));
        vm.prank(actor(who));
        asset.approve(address(house), assets);
        vm.prank(actor(who));
        house.deposit(address(asset), assets);
        if (asset.balanceOf(address(house)) - before != assets) _breaks("credited what did not arrive");
        deposited[address(asset)] += assets;
        putIn[actor(who)][address(asset)] += int256(assets);
        ++done["deposit"];
    }

    function withdraw(uint256 who, uint256 what, uint256 assets) external {
        TestToken asset = tokenAt(what);
        uint256 free = house.freeBalance(actor(who), address(asset));
        if (free == 0) return;
        assets = bound(assets, 1, free / 4 + 1);
        vm.prank(actor(who));
        house.withdraw(address(asset), assets, actor(who));
        _out(actor(who), asset, assets);
        ++done["withdraw"];
    }

    function pay(uint256 from, uint256 to, uint256 what, uint256 assets) external {
        address asset = address(tokenAt(what));
        assets = bound(assets, 0, house.freeBalance(actor(from), asset));
        vm.prank(actor(from));
        house.pay(actor(from), actor(to), asset, assets);
        putIn[actor(from)][asset] -= int256(assets);
        putIn[actor(to)][asset] += int256(assets);
        ++done["pay"];
    }

    // --- books ---

    function write(uint256 who, uint256 what, uint256 amount, uint256 to) external {
        SeriesId id = seriesAt(what);
        amount = _amount(amount, 10e18);
        vm.prank(actor(who));
        house.write(actor(who), id, amount, actor(to));
        _give(actor(who), actor(to), id, amount);
        ++done["write"];
    }

    function close(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canClose);
        if (!found) return;
        uint256 written = uint256(-house.leg(actor(who), id));
        uint256 holding = held(actor(who), id);
        vm.prank(actor(who));
        house.close(actor(who), id, _amount(amount, written < holding ? written : holding), actor(who));
        ++done["close"];
    }

    function net(uint256 who, uint256 what) external {
        // Where the actor holds a token that it could place then; else anywhere.
        (SeriesId id, bool found) = _find(who, what, _canNet);
        BookKey key = (found ? id : seriesAt(what)).bookKey();
        uint64[] memory strikes = _strikes(actor(who), key);
        vm.prank(actor(who));
        house.net(actor(who), key, strikes);
        ++done["net"];
    }

    function place(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canPlace);
        if (!found) return;
        amount = _amount(amount, held(actor(who), id));
        vm.prank(actor(who));
        house.place(actor(who), id, amount);
        ++done["place"];
    }

    function takeBack(uint256 who, uint256 what, uint256 amount, uint256 to) external {
        (SeriesId id, bool found) = _find(who, what, _isLong);
        if (!found) return;
        amount = _amount(amount, uint256(house.leg(actor(who), id)));
        vm.prank(actor(who));
        house.takeBack(actor(who), id, amount, actor(to));
        _give(actor(who), actor(to), id, amount);
        ++done["takeBack"];
    }

    function transferToken(uint256 from, uint256 to, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(from, what, _isHeld);
        if (!found) return;
        amount = bound(amount, 1, held(actor(from), id));
        // The token itself may be entered again by whom it calls: it is not guarded and need not be.
        intruder.arm(address(0), "");
        vm.prank(actor(from));
        token.safeTransferFrom(actor(from), actor(to), SeriesId.unwrap(id), amount, "");
        _give(actor(from), actor(to), id, amount);
        ++done["transferToken"];
    }

    /// @notice Writes, hands to itself, closes again in pieces: nothing is left of it, at any rounding.
    function roundTrip(uint256 who, uint256 what, uint256 amount) external {
        SeriesId id = seriesAt(what);
        address account = actor(who);
        address asset = address(assetOf(id.bookKey()));
        amount = _amount(amount, 3e18);
        uint256 free = house.freeBalance(account, asset);
        uint256 locked = house.book(account, id.bookKey()).locked;
        // One prank a call: a refusal must not leave one behind.
        vm.prank(account);
        house.write(account, id, amount, account);
        uint256 part = amount / 3e10 * 1e10;
        if (part != 0) {
            vm.prank(account);
            house.close(account, id, part, account);
        }
        vm.prank(account);
        house.close(account, id, amount - part, account);
        bool same = house.freeBalance(account, asset) == free && house.book(account, id.bookKey()).locked == locked;
        if (!same) _breaks("a round trip changed an account");
        ++done["roundTrip"];
    }

    // --- time and settlement ---

    /// @notice Lets time pass; now and then to just past the next expiry, which is then settled at a random price.
    function passTime(uint256 seconds_, uint256 price) external {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 20 minutes));
        if (seconds_ % 6 > 1) return;
        for (uint256 i; i < KEYS; i += 2) {
            BookKey key = keyAt(i);
            if (priceOf(key) != 0) continue;
            // Some expiries pass and are settled later.
            _pass(key.expiry(), price);
            if (seconds_ % 6 == 0) _settleByProof(key.market(), key.expiry());
            return;
        }
    }

    /// @dev Goes past an expiry, with one round in force through its whole window where the feed lives.
    function _pass(uint40 expiry, uint256 price) internal {
        if (!feedIsDead && vm.getBlockTimestamp() <= expiry - 30 minutes) {
            vm.warp(expiry - 30 minutes);
            feed.post(int256(bound(price, 1500e8, 5000e8)));
        }
        if (vm.getBlockTimestamp() < expiry + 60) vm.warp(expiry + 60);
    }

    function _settleByProof(uint16 market, uint40 expiry) internal {
        markets.settle(market, expiry, markets.lastRound(market, expiry));
        ++done["settle"];
    }

    function settleLeg(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canSettleLeg);
        if (!found) return;
        _settleLeg(actor(who), id);
    }

    function settleBook(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canSettleBook);
        if (!found) return;
        _settleBook(actor(who), id.bookKey());
    }

    function redeem(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canRedeem);
        if (!found) return;
        _redeem(actor(who), id, bound(amount, 1, held(actor(who), id)));
    }

    function redeemFor(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canRedeem);
        if (!found) return;
        _redeemFor(actor(who), id);
    }

    function accrueFee(uint256 who, uint256 what, uint256 assets) external {
        BookKey key = seriesAt(what).bookKey();
        address asset = address(assetOf(key));
        assets = bound(assets, 0, house.freeBalance(actor(who), asset) / 8);
        vm.prank(actor(who));
        house.accrueFee(key, assets);
        putIn[actor(who)][asset] -= int256(assets);
        ++done["accrueFee"];
    }

    function collectFees(uint256 what) external {
        house.collectFees(seriesAt(what).bookKey());
        ++done["collectFees"];
    }

    // --- the same, for a campaign's end ---

    function _settleLeg(address account, SeriesId id) internal {
        _settled(account, id.bookKey(), abi.encodeCall(house.settleLeg, (account, id)));
        ++done["settleLeg"];
    }

    function _settleBook(address account, BookKey key) internal {
        _settled(account, key, abi.encodeCall(house.settleBook, (account, key)));
        ++done["settleBook"];
    }

    function _redeem(address account, SeriesId id, uint256 amount) internal {
        TestToken asset = assetOf(id.bookKey());
        vm.prank(account);
        uint256 assets = house.redeem(id, amount, account);
        paid[address(asset)] += assets;
        _out(account, asset, assets);
        ++done["redeem"];
    }

    /// @dev Its sum moves into a free balance: paid out of the pool, though no token leaves.
    function _redeemFor(address account, SeriesId id) internal {
        paid[address(assetOf(id.bookKey()))] += house.redeemFor(account, id);
        ++done["redeemFor"];
    }

    // --- what is possible ---

    /// @dev The first series from `what` on with which the actor can do it.
    function _find(uint256 who, uint256 what, function(address, SeriesId) view returns (bool) can)
        internal
        view
        returns (SeriesId id, bool found)
    {
        for (uint256 i; i < SERIES; ++i) {
            id = seriesAt((what % SERIES + i) % SERIES);
            if (can(actor(who), id)) return (id, true);
        }
    }

    function _isHeld(address account, SeriesId id) internal view returns (bool) {
        return held(account, id) != 0;
    }

    function _isLong(address account, SeriesId id) internal view returns (bool) {
        return _isOpen(id) && house.leg(account, id) > 0;
    }

    function _canClose(address account, SeriesId id) internal view returns (bool) {
        return house.leg(account, id) < 0 && held(account, id) >= 1e10;
    }

    function _canPlace(address account, SeriesId id) internal view returns (bool) {
        return _isOpen(id) && held(account, id) >= 1e10 && _kind(account, id) == IClearinghouse.BookKind.NETTED;
    }

    function _canNet(address account, SeriesId id) internal view returns (bool) {
        return _isOpen(id) && held(account, id) != 0 && _kind(account, id) <= IClearinghouse.BookKind.PLAIN;
    }

    function _canSettleLeg(address account, SeriesId id) internal view returns (bool) {
        return _isSettled(id) && _kind(account, id) == IClearinghouse.BookKind.PLAIN && house.leg(account, id) < 0;
    }

    function _canSettleBook(address account, SeriesId id) internal view returns (bool) {
        return _isSettled(id) && _kind(account, id) == IClearinghouse.BookKind.NETTED;
    }

    function _canRedeem(address account, SeriesId id) internal view returns (bool) {
        return _isSettled(id) && held(account, id) != 0;
    }

    function _isOpen(SeriesId id) internal view returns (bool) {
        return vm.getBlockTimestamp() < id.expiry();
    }

    function _isSettled(SeriesId id) internal view returns (bool) {
        return priceOf(id.bookKey()) != 0;
    }

    function _kind(address account, SeriesId id) internal view returns (IClearinghouse.BookKind) {
        return house.book(account, id.bookKey()).kind;
    }

    function _amount(uint256 amount, uint256 most) internal pure returns (uint256) {
        return bound(amount, 1, most / 1e10) * 1e10;
    }

    /// @dev The strikes of an account's plain book, ascending.
    function _strikes(address account, BookKey key) internal view returns (uint64[] memory strikes) {
        strikes = new uint64[](STRIKES);
        uint256 count;
        for (uint256 i; i < STRIKES; ++i) {
            if (house.leg(account, key.series(strikeAt(i))) != 0) strikes[count++] = strikeAt(i);
        }
        assembly ("memory-safe") {
            mstore(strikes, count)
        }
    }

    /// @dev Learns what a book owed from its collateral before and what was credited.
    function _settled(address account, BookKey key, bytes memory data) private {
        address asset = address(assetOf(key));
        uint256 lockedBefore = house.book(account, key).locked;
        uint256 freeBefore = house.freeBalance(account, asset);
        (bool ok, bytes memory refusal) = address(house).call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(refusal, 32), mload(refusal))
            }
        }
        int256 unlocked = int256(lockedBefore) - int256(uint256(house.book(account, key).locked));
        owed[asset] += unlocked - int256(house.freeBalance(account, asset) - freeBefore);
    }
}
