// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {BookRequirement} from "../libraries/BookRequirement.sol";
import {NettedLegs} from "../libraries/NettedLegs.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKey, SeriesId, Side} from "../libraries/SeriesId.sol";
import {ClearingBooks} from "./ClearingBooks.sol";
import {ClearingFees} from "./ClearingFees.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingSettlement
/// @notice What happens after the settlement price is known: books settle, holders are paid.
abstract contract ClearingSettlement is ClearingBooks, ClearingFees {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for IERC20;
    using NettedLegs for NettedLegs.Stored;

    /// @inheritdoc IClearinghouse
    mapping(address account => bool) public redeemForAllowed;

    /// @inheritdoc IClearinghouse
    function settleLeg(address account, SeriesId series) external nonReentrant {
        if (_settleLeg(account, series)) return;
        BookKey key = series.bookKey();
        BookKind kind = _books[account][key].kind;
        require(kind != BookKind.NETTED, WrongBookKind(account, key, kind));
        revert NothingToSettle(account, series);
    }

    /// @inheritdoc IClearinghouse
    function settleBook(address account, BookKey key) external nonReentrant {
        if (_settleBook(account, key)) return;
        BookKind kind = _books[account][key].kind;
        require(kind != BookKind.SETTLED, BookAlreadySettled(account, key));
        revert WrongBookKind(account, key, kind);
    }

    /// @inheritdoc IClearinghouse
    function settleMany(Item[] calldata items) external nonReentrant returns (bool[] memory done) {
        uint256 count = items.length;
        done = new bool[](count);
        for (uint256 i; i < count; ++i) {
            (address account, SeriesId series) = (items[i].account, items[i].series);
            done[i] = series.strike() == 0 ? _settleBook(account, series.bookKey()) : _settleLeg(account, series);
        }
    }

    /// @inheritdoc IClearinghouse
    function redeem(SeriesId series, uint256 amount, address receiver) external nonReentrant returns (uint256 assets) {
        require(amount != 0, BadAmount(amount));
        _requireReceiver(receiver);
        address holder = _msgSender();
        address token;
        (token, assets) = _redeem(holder, series, amount);
        emit Redeemed(holder, series, amount, receiver, assets, false);
        if (assets != 0) IERC20(token).safeTransfer(receiver, assets);
    }

    /// @inheritdoc IClearinghouse
    // The calls before the credit are to Markets and to our own option token, whose burning calls nobody.
    // slither-disable-next-line reentrancy-benign
    function redeemFor(address holder, SeriesId series) external nonReentrant returns (uint256 assets) {
        require(_mayRedeemFor(holder), RedeemForNotAllowed(holder));
        uint256 amount = IOptionToken(optionToken).balanceOf(holder, SeriesId.unwrap(series));
        require(amount != 0, BadAmount(amount));
        return _redeemFor(holder, series, amount);
    }

    /// @inheritdoc IClearinghouse
    function redeemMany(Item[] calldata items) external nonReentrant returns (bool[] memory done) {
        uint256 count = items.length;
        done = new bool[](count);
        for (uint256 i; i < count; ++i) {
            (address holder, SeriesId series) = (items[i].account, items[i].series);
            if (!_mayRedeemFor(holder)) continue;
            uint256 amount = IOptionToken(optionToken).balanceOf(holder, SeriesId.unwrap(series));
            if (amount == 0) continue;
            _redeemFor(holder, series, amount);
            done[i] = true;
        }
    }

    /// @inheritdoc IClearinghouse
    function setRedeemFor(bool allowed) external {
        address account = _msgSender();
        redeemForAllowed[account] = allowed;
        emit RedeemForSet(account, allowed);
    }

    /// @inheritdoc IClearinghouse
    function payoff(SeriesId series, uint256 amount) external view returns (uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        (, uint8 decimals) = IMarkets(markets).settlementAsset(series.market(), series.side());
        return Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, Payoff.scaleOf(decimals));
    }

    // --- inside ---

    /// @return done Whether there was a leg of a plain book to settle.
    function _settleLeg(address account, SeriesId series) private returns (bool done) {
        uint256 written = _written[account][series];
        // Nothing is written on its own in a netted book.
        if (written == 0) return false;
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        delete _written[account][series];

        BookKey key = series.bookKey();
        (Side side, uint256 strike) = (series.side(), series.strikeWad());
        Asset memory asset = _assetOf(key);
        uint256 owed = Payoff.payoffUp(side, strike, price, written, asset.scale);
        uint256 locked = Payoff.collateralUp(side, strike, written, asset.scale);
        Book memory b = _books[account][key];
        b.locked -= locked.toUint128();
        if (--b.legCount == 0) b.kind = BookKind.SETTLED;
        _books[account][key] = b;
        uint256 released = locked - owed;
        freeBalance[account][asset.token] += released;
        emit BookSettled(account, key, series.strike(), owed.toInt256(), released);
        _payBounty(account, key, asset.token, released);
        return true;
    }

    /// @return done Whether there was a netted book to settle.
    function _settleBook(address account, BookKey key) private returns (bool done) {
        Book memory b = _books[account][key];
        if (b.kind != BookKind.NETTED) return false;
        uint256 price = IMarkets(markets).settlementPrice(key.market(), key.expiry());

        Asset memory asset = _assetOf(key);
        NettedLegs.Stored storage stored = _netted[account][key];
        int256 owed = -BookRequirement.settlementFloor(key.side(), stored.load(b.legCount), price, asset.scale);
        stored.clear(b.legCount);
        _books[account][key] = Book(BookKind.SETTLED, 0, 0);
        // What a book owes is never above what it has locked. A book worth more than nothing is paid from the pool.
        uint256 credited = (int256(uint256(b.locked)) - owed).toUint256();
        freeBalance[account][asset.token] += credited;
        emit BookSettled(account, key, 0, owed, owed > 0 ? credited : b.locked);
        _payBounty(account, key, asset.token, credited);
        return true;
    }

    function _mayRedeemFor(address holder) private view returns (bool) {
        return holder == _msgSender() || holder.code.length == 0 || redeemForAllowed[holder];
    }

    /// @dev Pays a holder's whole balance to its free balance.
    // The calls before the credits are to Markets and to our own option token, whose burning calls nobody.
    // slither-disable-next-line reentrancy-benign
    function _redeemFor(address holder, SeriesId series, uint256 amount) private returns (uint256 assets) {
        address token;
        (token, assets) = _redeem(holder, series, amount);
        freeBalance[holder][token] += assets;
        emit Redeemed(holder, series, amount, holder, assets, true);
        _payBounty(holder, series.bookKey(), token, assets);
    }

    /// @dev Burns settled longs and says what they pay.
    // As above; what is written after the calls is what Markets fixed at listing, read once.
    // slither-disable-next-line reentrancy-benign
    function _redeem(address holder, SeriesId series, uint256 amount) private returns (address token, uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        IOptionToken(optionToken).burn(holder, SeriesId.unwrap(series), amount);
        Asset memory asset = _assetOf(series.bookKey());
        token = asset.token;
        assets = Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, asset.scale);
    }
}
