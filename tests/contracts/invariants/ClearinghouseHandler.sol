// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {BookKey, BookKeyLib, SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Test} from "../support/Test.sol";

/// @notice Four actors who do everything the Clearinghouse lets them, on both sides of one market, over two expiries
/// that come and settle in the middle of a run.
/// @dev Arguments are folded into what is likely to pass; what still reverts is a legal refusal and changes nothing.
contract ClearinghouseHandler is Test {
    uint256 public constant ACTORS = 4;
    uint256 public constant STRIKES = 5;
    uint256 public constant EXPIRIES = 2;

    IClearinghouse public immutable house;
    IMarkets public immutable markets;
    ReplayFeed public immutable feed;
    TestToken public immutable weth;
    TestToken public immutable usdc;
    IOptionToken public immutable token;
    uint40 public immutable firstExpiry;

    /// @notice What holders were paid, to a receiver or to their free balance; and what was sent in without a deposit.
    mapping(address token => uint256) public paid;
    mapping(address token => uint256) public donated;

    /// @notice What all settled books owed, signed, per token.
    mapping(address token => int256) public owed;

    /// @notice What came in by deposits and what left, per token.
    mapping(address token => uint256) public deposited;
    mapping(address token => uint256) public withdrawn;

    /// @notice Calls that went through, by name, so that a run that does nothing is seen.
    mapping(bytes32 name => uint256) public done;

    address[] private _actors;

    constructor(
        IClearinghouse house_,
        IMarkets markets_,
        ReplayFeed feed_,
        TestToken weth_,
        TestToken usdc_,
        uint40 first
    ) {
        (house, markets, feed, weth, usdc, firstExpiry) = (house_, markets_, feed_, weth_, usdc_, first);
        token = IOptionToken(house.optionToken());
        for (uint256 i; i < ACTORS; ++i) {
            _actors.push(address(uint160(0xA1000 + i)));
        }
    }

    // --- collateral ---

    function deposit(uint256 who, uint256 asset_, uint256 assets) external {
        TestToken asset = asset_ % 2 == 0 ? weth : usdc;
        assets = bound(assets, 1, asset_ % 2 == 0 ? 50e18 : 100_000e6);
        asset.mint(actor(who), assets);
        vm.startPrank(actor(who));
        asset.approve(address(house), assets);
        house.deposit(address(asset), assets);
        vm.stopPrank();
        deposited[address(asset)] += assets;
        ++done["deposit"];
    }

    function withdraw(uint256 who, uint256 asset_, uint256 assets) external {
        TestToken asset = asset_ % 2 == 0 ? weth : usdc;
        uint256 free = house.freeBalance(actor(who), address(asset));
        if (free == 0) return;
        assets = bound(assets, 1, free / 4 + 1);
        vm.prank(actor(who));
        house.withdraw(address(asset), assets, actor(who));
        withdrawn[address(asset)] += assets;
        ++done["withdraw"];
    }

    function pay(uint256 from, uint256 to, uint256 asset_, uint256 assets) external {
        address asset = asset_ % 2 == 0 ? address(weth) : address(usdc);
        assets = bound(assets, 0, house.freeBalance(actor(from), asset));
        vm.prank(actor(from));
        house.pay(actor(from), actor(to), asset, assets);
        ++done["pay"];
    }

    /// @notice A plain transfer to the Clearinghouse.
    function donate(uint256 asset_, uint256 assets) external {
        TestToken asset = asset_ % 2 == 0 ? weth : usdc;
        assets = bound(assets, 1, asset_ % 2 == 0 ? 1e18 : 1000e6);
        asset.mint(address(house), assets);
        donated[address(asset)] += assets;
        ++done["donate"];
    }

    // --- books ---

    function write(uint256 who, uint256 what, uint256 amount, uint256 to) external {
        vm.prank(actor(who));
        house.write(actor(who), series(what), _amount(amount, 10e18), actor(to));
        ++done["write"];
    }

    function close(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canClose);
        if (!found) return;
        uint256 written = uint256(-house.leg(actor(who), id));
        uint256 held = _held(actor(who), id);
        vm.prank(actor(who));
        house.close(actor(who), id, _amount(amount, written < held ? written : held), actor(who));
        ++done["close"];
    }

    function net(uint256 who, uint256 what) external {
        // Where the actor holds a token that it could place then; else anywhere.
        (SeriesId id, bool found) = _find(who, what, _canNet);
        BookKey key = (found ? id : series(what)).bookKey();
        uint64[] memory strikes = new uint64[](STRIKES);
        uint256 count;
        for (uint256 i; i < STRIKES; ++i) {
            uint64 strike = strikeAt(i);
            if (house.leg(actor(who), key.series(strike)) != 0) strikes[count++] = strike;
        }
        assembly ("memory-safe") {
            mstore(strikes, count)
        }
        vm.prank(actor(who));
        house.net(actor(who), key, strikes);
        ++done["net"];
    }

    function place(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canPlace);
        if (!found) return;
        amount = _amount(amount, _held(actor(who), id));
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
        ++done["takeBack"];
    }

    function transferToken(uint256 from, uint256 to, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(from, what, _isHeld);
        if (!found) return;
        amount = bound(amount, 1, _held(actor(from), id));
        vm.prank(actor(from));
        token.safeTransferFrom(actor(from), actor(to), SeriesId.unwrap(id), amount, "");
        ++done["transferToken"];
    }

    // --- time and settlement ---

    /// @notice Lets time pass; now and then to just past the next expiry, which is then settled at a random price.
    function passTime(uint256 seconds_, uint256 price) external {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 20 minutes));
        if (seconds_ % 8 != 0) return;
        for (uint256 i; i < EXPIRIES; ++i) {
            uint40 expiry = expiryAt(i);
            (uint256 settled,) = markets.settlement(1, expiry);
            if (settled != 0) continue;
            if (vm.getBlockTimestamp() < expiry - 30 minutes) vm.warp(expiry - 30 minutes);
            uint80 last = feed.post(int256(bound(price, 1500e8, 5000e8)));
            if (vm.getBlockTimestamp() < expiry + 60) vm.warp(expiry + 60);
            markets.settle(1, expiry, last);
            ++done["settle"];
            return;
        }
    }

    function settleLeg(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canSettleLeg);
        if (!found) return;
        _settled(actor(who), id.bookKey(), abi.encodeCall(house.settleLeg, (actor(who), id)));
        ++done["settleLeg"];
    }

    function settleBook(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canSettleBook);
        if (!found) return;
        BookKey key = id.bookKey();
        _settled(actor(who), key, abi.encodeCall(house.settleBook, (actor(who), key)));
        ++done["settleBook"];
    }

    function redeem(uint256 who, uint256 what, uint256 amount) external {
        (SeriesId id, bool found) = _find(who, what, _canRedeem);
        if (!found) return;
        amount = bound(amount, 1, _held(actor(who), id));
        vm.prank(actor(who));
        uint256 assets = house.redeem(id, amount, actor(who));
        paid[_asset(id.bookKey())] += assets;
        withdrawn[_asset(id.bookKey())] += assets;
        ++done["redeem"];
    }

    function redeemFor(uint256 who, uint256 what) external {
        (SeriesId id, bool found) = _find(who, what, _canRedeem);
        if (!found) return;
        // Its sum moves into a free balance: paid out of the pool, though no token leaves.
        paid[_asset(id.bookKey())] += house.redeemFor(actor(who), id);
        ++done["redeemFor"];
    }

    function accrueFee(uint256 who, uint256 what, uint256 assets) external {
        BookKey key = series(what).bookKey();
        assets = bound(assets, 0, house.freeBalance(actor(who), _asset(key)) / 8);
        vm.prank(actor(who));
        house.accrueFee(key, assets);
        ++done["accrueFee"];
    }

    function collectFees(uint256 what) external {
        house.collectFees(series(what).bookKey());
        ++done["collectFees"];
    }

    // --- what there is ---

    function actor(uint256 who) public view returns (address) {
        return _actors[who % ACTORS];
    }

    function strikeAt(uint256 i) public pure returns (uint64) {
        // The first is no multiple of a quote unit, so that roundings show.
        return uint64(200_100_000_000 + 33_333_333_300 * (i % STRIKES));
    }

    function expiryAt(uint256 i) public view returns (uint40) {
        return firstExpiry + uint40(i % EXPIRIES) * 1 days;
    }

    /// @notice One of all series: side, expiry and strike from one number.
    function series(uint256 what) public view returns (SeriesId) {
        return
            SeriesIdLib.pack(
                1, Side(what % 2), expiryAt(what / 2 % EXPIRIES), strikeAt(what / (2 * EXPIRIES) % STRIKES)
            );
    }

    function seriesCount() external pure returns (uint256) {
        return 2 * EXPIRIES * STRIKES;
    }

    function keyAt(uint256 i) external view returns (BookKey) {
        return BookKeyLib.pack(1, Side(i % 2), expiryAt(i / 2));
    }

    // --- what is possible ---

    /// @dev The first series from `what` on with which the actor can do it.
    function _find(uint256 who, uint256 what, function(address, SeriesId) view returns (bool) can)
        private
        view
        returns (SeriesId id, bool found)
    {
        uint256 all = 2 * EXPIRIES * STRIKES;
        for (uint256 i; i < all; ++i) {
            id = series(what % all + i);
            if (can(actor(who), id)) return (id, true);
        }
    }

    function _isHeld(address account, SeriesId id) private view returns (bool) {
        return _held(account, id) != 0;
    }

    function _isLong(address account, SeriesId id) private view returns (bool) {
        return _isOpen(id) && house.leg(account, id) > 0;
    }

    function _canClose(address account, SeriesId id) private view returns (bool) {
        return house.leg(account, id) < 0 && _held(account, id) >= 1e10;
    }

    function _canPlace(address account, SeriesId id) private view returns (bool) {
        return _isOpen(id) && _held(account, id) >= 1e10 && _kind(account, id) == IClearinghouse.BookKind.NETTED;
    }

    function _canNet(address account, SeriesId id) private view returns (bool) {
        return _isOpen(id) && _held(account, id) != 0 && _kind(account, id) <= IClearinghouse.BookKind.PLAIN;
    }

    function _canSettleLeg(address account, SeriesId id) private view returns (bool) {
        return _isSettled(id) && _kind(account, id) == IClearinghouse.BookKind.PLAIN && house.leg(account, id) < 0;
    }

    function _canSettleBook(address account, SeriesId id) private view returns (bool) {
        return _isSettled(id) && _kind(account, id) == IClearinghouse.BookKind.NETTED;
    }

    function _canRedeem(address account, SeriesId id) private view returns (bool) {
        return _isSettled(id) && _held(account, id) != 0;
    }

    function _isOpen(SeriesId id) private view returns (bool) {
        return vm.getBlockTimestamp() < id.expiry();
    }

    function _isSettled(SeriesId id) private view returns (bool) {
        (uint256 price,) = markets.settlement(1, id.expiry());
        return price != 0;
    }

    function _kind(address account, SeriesId id) private view returns (IClearinghouse.BookKind) {
        return house.book(account, id.bookKey()).kind;
    }

    function _held(address account, SeriesId id) private view returns (uint256) {
        return token.balanceOf(account, SeriesId.unwrap(id));
    }

    function _asset(BookKey key) private view returns (address) {
        return key.side() == Side.CALL ? address(weth) : address(usdc);
    }

    function _amount(uint256 amount, uint256 most) private pure returns (uint256) {
        return bound(amount, 1, most / 1e10) * 1e10;
    }

    /// @dev Learns what a book owed from its collateral before and what was credited.
    function _settled(address account, BookKey key, bytes memory data) private {
        address asset = _asset(key);
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
