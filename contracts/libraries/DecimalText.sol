// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title DecimalText
/// @notice Fixed-point figures as text. Nothing is ever rounded up.
library DecimalText {
    using Strings for uint256;

    /// @dev Decimals of a figure from 1,000 on, and from 1 on, where it is shown in brief.
    uint256 private constant LARGE_DECIMALS = 2;
    uint256 private constant MIDDLE_DECIMALS = 4;

    /// @dev A fraction in brief keeps so many digits after its leading zeros.
    uint256 private constant SIGNIFICANT = 1e4;

    /// @notice `value / 10 ** decimals`, every digit, without trailing zeros: `3000`, `0.625`.
    function exact(uint256 value, uint256 decimals) internal pure returns (string memory) {
        return format(value, decimals, ".", "");
    }

    /// @notice `value / 10 ** decimals` as a card shows it, thousands grouped, every digit: `64,250.5`.
    function grouped(uint256 value, uint256 decimals) internal pure returns (string memory) {
        return format(value, decimals, ".", ",");
    }

    /// @notice As `grouped`, with fewer digits: two decimals from 1,000 on, four from 1 on, and of a fraction the first
    /// four digits that count. Rounded down.
    function brief(uint256 value, uint256 decimals) internal pure returns (string memory) {
        uint256 one = 10 ** decimals;
        uint256 dropped = 1;
        if (value >= one) {
            uint256 kept = value / one >= 1000 ? LARGE_DECIMALS : MIDDLE_DECIMALS;
            if (decimals > kept) dropped = 10 ** (decimals - kept);
        } else {
            while (value / dropped >= SIGNIFICANT) dropped *= 10;
        }
        return grouped(value - value % dropped, decimals);
    }

    /// @param point What stands between the whole and the fraction.
    /// @param separator What stands between groups of three whole digits; may be empty.
    function format(uint256 value, uint256 decimals, string memory point, string memory separator)
        internal
        pure
        returns (string memory text)
    {
        uint256 one = 10 ** decimals;
        text = _whole(value / one, separator);
        uint256 fraction = value % one;
        if (fraction == 0) return text;
        while (fraction % 10 == 0) {
            fraction /= 10;
            --decimals;
        }
        bytes memory digits = new bytes(decimals);
        for (uint256 i = decimals; i != 0; fraction /= 10) {
            // One digit: 48 to 57.
            // forge-lint: disable-next-line(unsafe-typecast)
            digits[--i] = bytes1(uint8(48 + fraction % 10));
        }
        return string.concat(text, point, string(digits));
    }

    function _whole(uint256 value, string memory separator) private pure returns (string memory) {
        if (value < 1000 || bytes(separator).length == 0) return value.toString();
        uint256 last = value % 1000;
        string memory zeros = last < 10 ? "00" : last < 100 ? "0" : "";
        return string.concat(_whole(value / 1000, separator), separator, zeros, last.toString());
    }
}
