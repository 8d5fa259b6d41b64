// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OptionToken} from "../OptionToken.sol";
import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {BookRequirement} from "../libraries/BookRequirement.sol";
import {NettedLegs} from "../libraries/NettedLegs.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKey, SeriesId, Side} from "../libraries/SeriesId.sol";
import {ClearingCollateral} from "./ClearingCollateral.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingBooks
/// @notice Books until they settle: writing, closing, netting, and what all that locks.
abstract contract ClearingBooks is ClearingCollateral {
    using SafeCast for uint256;
    using NettedLegs for NettedLegs.Stored;

    /// @inheritdoc IClearinghouse
    uint256 public constant MAX_LEGS = BookRequirement.MAX_LEGS;

    /// @notice Option amounts are multiples of this: 1e-8 contracts.
    uint256 public constant AMOUNT_UNIT = 1e10;

    /// @inheritdoc IClearinghouse
    address public immutable optionToken;

    /// @inheritdoc IClearinghouse
    bool public writesPaused;

    mapping(address account => mapping(BookKey => Book)) internal _books;
    /// @dev Written amount of a plain leg, WAD.
    mapping(address account => mapping(SeriesId => uint256)) internal _written;
    mapping(address account => mapping(BookKey => NettedLegs.Stored)) internal _netted;

    constructor(address renderer) {
        optionToken = address(new OptionToken(renderer));
    }

    /// @inheritdoc IClearinghouse
    function write(address account, SeriesId series, uint256 amount, address receiver) external nonReentrant {
        _requireAuthority(account, TRADE);
        require(!writesPaused, Paused());
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        if (b.kind == BookKind.NETTED) {
            _requireListed(series);
            _changeNetted(account, key, b, series.strike(), -int256(amount));
        } else {
            uint256 written = _written[account][series];
            // A leg that exists was listed when it was first written, and listings are for ever.
            if (written == 0) _requireListed(series);
            b.kind = BookKind.PLAIN;
            _changePlain(account, series, b, written, written + amount);
        }
        emit Written(account, series, amount, receiver, b.locked);
        IOptionToken(optionToken).mint(receiver, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function close(address account, SeriesId series, uint256 amount, address holder) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireAuthority(holder, TRADE);
        _requireAmount(amount);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind != BookKind.SETTLED, BookAlreadySettled(account, key));
        if (b.kind == BookKind.NETTED) {
            int256 before = _changeNetted(account, key, b, series.strike(), int256(amount));
            require(before <= -int256(amount), LegTooSmall(series, before < 0 ? uint256(-before) : 0, amount));
        } else {
            uint256 written = _written[account][series];
            require(written >= amount, LegTooSmall(series, written, amount));
            _changePlain(account, series, b, written, written - amount);
        }
        emit Closed(account, series, amount, holder, b.locked);
        IOptionToken(optionToken).burn(holder, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function net(address account, BookKey key, uint64[] calldata strikes) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireListedBook(key);
        require(block.timestamp < key.expiry(), Expired(key.series(0)));
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NONE || b.kind == BookKind.PLAIN, WrongBookKind(account, key, b.kind));
        uint256 count = strikes.length;
        require(count == b.legCount, LegsMismatch(count, b.legCount));
        require(count <= MAX_LEGS, TooManyLegs(count, MAX_LEGS));

        Leg[] memory all = new Leg[](count);
        NettedLegs.Stored storage stored = _netted[account][key];
        uint64 previous;
        for (uint256 i; i < count; ++i) {
            uint64 strike = strikes[i];
            require(strike > previous, LegsNotAscending(previous, strike));
            previous = strike;
            SeriesId series = key.series(strike);
            uint256 written = _written[account][series];
            require(written != 0, EmptyLeg(series));
            delete _written[account][series];
            // `_changePlain` keeps every written amount within int128.
            // forge-lint: disable-next-line(unsafe-typecast)
            all[i] = Leg(strike, -int128(int256(written)));
            stored.slots[i] = all[i];
        }
        b.kind = BookKind.NETTED;
        Asset memory asset = _assetOf(key);
        _setLocked(account, key, b, asset.token, BookRequirement.required(key.side(), all, asset.scale));
        emit BookNetted(account, key, b.locked);
    }

    /// @inheritdoc IClearinghouse
    function place(address account, SeriesId series, uint256 amount) external nonReentrant {
        _requireAuthority(account, TRADE);
        require(!writesPaused, Paused());
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        _requireListed(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NETTED, WrongBookKind(account, key, b.kind));
        _changeNetted(account, key, b, series.strike(), int256(amount));
        emit Placed(account, series, amount, b.locked);
        IOptionToken(optionToken).burn(account, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function takeBack(address account, SeriesId series, uint256 amount, address receiver) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NETTED, WrongBookKind(account, key, b.kind));
        int256 before = _changeNetted(account, key, b, series.strike(), -int256(amount));
        require(before >= int256(amount), LegTooSmall(series, before > 0 ? uint256(before) : 0, amount));
        emit TakenBack(account, series, amount, receiver, b.locked);
        IOptionToken(optionToken).mint(receiver, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function setWritesPaused(bool paused) external restricted {
        writesPaused = paused;
        emit WritesPaused(paused);
    }

    // --- views ---

    /// @inheritdoc IClearinghouse
    function book(address account, BookKey key) external view returns (Book memory) {
        return _books[account][key];
    }

    /// @inheritdoc IClearinghouse
    function leg(address account, SeriesId series) external view returns (int256 amount) {
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        if (b.kind == BookKind.NETTED) return _netted[account][key].amountAt(b.legCount, series.strike());
        return -int256(_written[account][series]);
    }

    /// @inheritdoc IClearinghouse
    function legs(address account, BookKey key) external view returns (Leg[] memory) {
        Book memory b = _books[account][key];
        return _netted[account][key].load(b.kind == BookKind.NETTED ? b.legCount : 0);
    }

    // --- inside ---

    /// @dev Sets a plain leg from `before` to `afterwards`. Each leg's requirement is recomputed from its whole amount, so
    /// that many small changes round no differently from one.
    function _changePlain(address account, SeriesId series, Book memory b, uint256 before, uint256 afterwards)
        internal
    {
        require(afterwards <= uint256(uint128(type(int128).max)), BadAmount(afterwards));
        BookKey key = series.bookKey();
        Asset memory asset = _assetOf(key);
        (Side side, uint256 strike) = (series.side(), series.strikeWad());
        if (before == 0) ++b.legCount;
        if (afterwards == 0) --b.legCount;
        _written[account][series] = afterwards;
        uint256 locked = uint256(b.locked) - Payoff.collateralUp(side, strike, before, asset.scale)
            + Payoff.collateralUp(side, strike, afterwards, asset.scale);
        _setLocked(account, key, b, asset.token, locked);
    }

    /// @dev Adds a signed amount to a leg of a netted book and locks what the whole book requires then.
    /// @return before The leg's amount before the change.
    function _changeNetted(address account, BookKey key, Book memory b, uint64 strike, int256 change)
        private
        returns (int256 before)
    {
        Leg[] memory all;
        (all, before) = _netted[account][key].add(b.legCount, strike, change);
        b.legCount = uint16(all.length);
        Asset memory asset = _assetOf(key);
        _setLocked(account, key, b, asset.token, BookRequirement.required(key.side(), all, asset.scale));
    }

    /// @dev Stores the book with its new locked collateral and moves the difference from or to the free balance.
    function _setLocked(address account, BookKey key, Book memory b, address token, uint256 locked) private {
        uint256 before = b.locked;
        b.locked = locked.toUint128();
        _books[account][key] = b;
        if (locked > before) _debit(account, token, locked - before);
        else if (locked < before) freeBalance[account][token] += before - locked;
    }

    function _requireAmount(uint256 amount) private pure {
        require(
            amount != 0 && amount % AMOUNT_UNIT == 0 && amount <= uint256(uint128(type(int128).max)), BadAmount(amount)
        );
    }

    function _requireBeforeExpiry(SeriesId series) private view {
        require(block.timestamp < series.expiry(), Expired(series));
    }

    function _requireListed(SeriesId series) private view {
        require(IMarkets(markets).isListed(series), UnlistedSeries(series));
    }
}
