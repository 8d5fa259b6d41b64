// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Which way an option pays. A call is collateralised, priced and settled in base; a put in quote.
enum Side {
    CALL,
    PUT
}

/// @notice One option series packed into the low 128 bits of a word, so that a storage slot can hold it with an amount.
/// @dev From the top: market (16 bits), side (8), expiry in seconds (40), strike in units of 1e-8 quote per base (64).
/// Numeric order is the order of market, side, expiry, strike.
type SeriesId is uint256;

/// @notice A series without its strike: market (16 bits), side (8), expiry (40) in the low 64 bits. With an account it names a book.
type BookKey is uint256;

using {
    SeriesIdLib.market,
    SeriesIdLib.side,
    SeriesIdLib.expiry,
    SeriesIdLib.strike,
    SeriesIdLib.strikeWad,
    SeriesIdLib.bookKey
} for SeriesId global;
using {BookKeyLib.market, BookKeyLib.side, BookKeyLib.expiry, BookKeyLib.series} for BookKey global;
using {seriesEq as ==, seriesNeq as !=, seriesLt as <} for SeriesId global;
using {bookEq as ==, bookNeq as !=} for BookKey global;

function seriesEq(SeriesId a, SeriesId b) pure returns (bool) {
    return SeriesId.unwrap(a) == SeriesId.unwrap(b);
}

function seriesNeq(SeriesId a, SeriesId b) pure returns (bool) {
    return SeriesId.unwrap(a) != SeriesId.unwrap(b);
}

function seriesLt(SeriesId a, SeriesId b) pure returns (bool) {
    return SeriesId.unwrap(a) < SeriesId.unwrap(b);
}

function bookEq(BookKey a, BookKey b) pure returns (bool) {
    return BookKey.unwrap(a) == BookKey.unwrap(b);
}

function bookNeq(BookKey a, BookKey b) pure returns (bool) {
    return BookKey.unwrap(a) != BookKey.unwrap(b);
}

/// @notice Packing and unpacking of series ids. Anybody can decode one without a call.
library SeriesIdLib {
    /// @notice A strike unit (1e-8) in WAD.
    uint256 internal constant STRIKE_UNIT = 1e10;

    /// @dev Typed arguments cannot overflow their fields, so packing needs no check.
    function pack(uint16 market_, Side side_, uint40 expiry_, uint64 strike_) internal pure returns (SeriesId) {
        return SeriesId.wrap(uint256(market_) << 112 | uint256(side_) << 104 | uint256(expiry_) << 64 | strike_);
    }

    function market(SeriesId id) internal pure returns (uint16) {
        return uint16(SeriesId.unwrap(id) >> 112);
    }

    /// @dev Reverts (enum conversion) for a side byte above 1; an id with bits above 128 is refused where it is listed.
    function side(SeriesId id) internal pure returns (Side) {
        return Side(uint8(SeriesId.unwrap(id) >> 104));
    }

    function expiry(SeriesId id) internal pure returns (uint40) {
        return uint40(SeriesId.unwrap(id) >> 64);
    }

    /// @return Strike in units of 1e-8 quote per base.
    function strike(SeriesId id) internal pure returns (uint64) {
        return uint64(SeriesId.unwrap(id));
    }

    /// @return Strike in WAD, quote per base.
    function strikeWad(SeriesId id) internal pure returns (uint256) {
        return uint256(uint64(SeriesId.unwrap(id))) * STRIKE_UNIT;
    }

    function bookKey(SeriesId id) internal pure returns (BookKey) {
        return BookKey.wrap(SeriesId.unwrap(id) >> 64);
    }
}

/// @notice Unpacking of book keys.
library BookKeyLib {
    function pack(uint16 market_, Side side_, uint40 expiry_) internal pure returns (BookKey) {
        return BookKey.wrap(uint256(market_) << 48 | uint256(side_) << 40 | expiry_);
    }

    function market(BookKey key) internal pure returns (uint16) {
        return uint16(BookKey.unwrap(key) >> 48);
    }

    function side(BookKey key) internal pure returns (Side) {
        return Side(uint8(BookKey.unwrap(key) >> 40));
    }

    function expiry(BookKey key) internal pure returns (uint40) {
        return uint40(BookKey.unwrap(key));
    }

    /// @notice The series of this book at a strike (units of 1e-8).
    function series(BookKey key, uint64 strike) internal pure returns (SeriesId) {
        return SeriesId.wrap(BookKey.unwrap(key) << 64 | strike);
    }
}
