// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

import {DecimalText} from "./DecimalText.sol";
import {SeriesId, Side} from "./SeriesId.sol";

/// @title SeriesText
/// @notice The text form of a series and of its parts. `optionix/instruments.py` writes the same names.
library SeriesText {
    using Strings for uint256;

    /// @notice Decimals of a strike in an id.
    uint256 internal constant STRIKE_DECIMALS = 8;

    bytes private constant MONTHS = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";

    /// @notice `ETH-27NOV26-3000-C`.
    /// @param symbol The base symbol on screen.
    function name(SeriesId series, string memory symbol) internal pure returns (string memory) {
        (uint256 year, string memory month, uint256 day) = date(series.expiry());
        // Two digits are this century's; any other year is written whole.
        string memory century = year >= 2000 && year < 2100 ? "" : (year / 100).toString();
        string memory strike = DecimalText.format(series.strike(), STRIKE_DECIMALS, "d", "");
        return string.concat(
            string.concat(symbol, "-", day.toString(), month, century),
            string.concat(year % 100 < 10 ? "0" : "", (year % 100).toString(), "-", strike),
            series.side() == Side.CALL ? "-C" : "-P"
        );
    }

    /// @notice `27 NOV 2026`.
    function longDate(SeriesId series) internal pure returns (string memory) {
        (uint256 year, string memory month, uint256 day) = date(series.expiry());
        return string.concat(day.toString(), " ", month, " ", year.toString());
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
}
