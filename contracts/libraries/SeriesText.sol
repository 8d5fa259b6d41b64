// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

import {SeriesId, Side} from "./SeriesId.sol";

/// @title SeriesText
/// @notice Series, dates and figures as text. `optionix/instruments.py` writes the same names.
library SeriesText {
    using Strings for uint256;

    /// @dev Digits after the point of a strike.
    uint256 private constant STRIKE_DECIMALS = 8;

    bytes private constant MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";

    /// @notice `ETH-27NOV26-3000-C`.
    /// @param symbol The base symbol on screen.
    function name(SeriesId series, string memory symbol) internal pure returns (string memory) {
        (uint256 year, string memory month, uint256 day) = date(series.expiry());
        // Two digits are this century's; any other year is written whole.
        string memory yearText = year >= 2000 && year < 2100 ? twoDigits(year % 100) : year.toString();
        return string.concat(
            symbol,
            "-",
            string.concat(day.toString(), month, yearText),
            "-",
            decimal(series.strike(), STRIKE_DECIMALS, "d", ""),
            series.side() == Side.CALL ? "-C" : "-P"
        );
    }

    /// @notice Year, month (`NOV`) and day of a time in UTC.
    function date(uint256 timestamp) internal pure returns (uint256 year, string memory month, uint256 day) {
        uint256 number;
        (year, number, day) = DateTimeLib.timestampToDate(timestamp);
        bytes memory letters = new bytes(3);
        for (uint256 i; i < 3; ++i) {
            letters[i] = MONTHS[(number - 1) * 3 + i];
        }
        month = string(letters);
    }

    /// @notice `value / 10 ** decimals`, exact, without trailing zeros.
    /// @param point What stands between the whole and the fraction.
    /// @param separator What stands between groups of three whole digits; may be empty.
    function decimal(uint256 value, uint256 decimals, string memory point, string memory separator)
        internal
        pure
        returns (string memory text)
    {
        uint256 one = 10 ** decimals;
        text = _grouped(value / one, separator);
        uint256 fraction = value % one;
        if (fraction == 0) return text;
        while (fraction % 10 == 0) {
            fraction /= 10;
            --decimals;
        }
        bytes memory digits = new bytes(decimals);
        for (uint256 i = decimals; i != 0; fraction /= 10) {
            digits[--i] = bytes1(uint8(48 + fraction % 10));
        }
        return string.concat(text, point, string(digits));
    }

    /// @notice `07` for 7.
    function twoDigits(uint256 value) internal pure returns (string memory) {
        return value < 10 ? string.concat("0", value.toString()) : value.toString();
    }

    function _grouped(uint256 whole, string memory separator) private pure returns (string memory text) {
        if (whole < 1000 || bytes(separator).length == 0) return whole.toString();
        uint256 last = whole % 1000;
        string memory zeros = last < 10 ? "00" : last < 100 ? "0" : "";
        return string.concat(_grouped(whole / 1000, separator), separator, zeros, last.toString());
    }
}
