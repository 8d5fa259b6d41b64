// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title TokenSymbol
/// @notice The symbol of a token that may be anybody's, read with bounded gas and a bounded copy, and reduced to
/// characters that mean nothing in JSON, in XML or in a series' name. So its text needs no escape anywhere, and cannot
/// hide letters, turn them around or look like markup in a wallet that forgets to escape.
/// @dev Kept are ASCII letters and digits, `.`, `_`, `+`, `$` and the signs of currencies (U+20A0 to U+20CF, as in
/// `USD₮0`); any run of other bytes becomes one `?`. What is longer than `MAX_LENGTH` is cut and ends with `..`. A token
/// without a readable symbol goes by the first digits of its address.
library TokenSymbol {
    /// @notice Less gas was left than reading a symbol may take. Send the call with more.
    error NotEnoughGas(uint256 left, uint256 needed);

    /// @notice Gas that a token is given. Proxies with cold storage take under 15,000.
    uint256 internal constant READ_GAS = 100_000;

    /// @notice Most bytes of a symbol.
    uint256 internal constant MAX_LENGTH = 16;

    /// @dev Bytes of an answer that are looked at: offset, length and two words of text.
    uint256 private constant MAX_COPY = 128;

    bytes32 private constant WETH = keccak256("WETH");
    bytes32 private constant WBTC = keccak256("WBTC");

    /// @notice A token's symbol; never empty.
    function read(address token) internal view returns (string memory symbol) {
        // The token gets its fixed amount (EIP-150 keeps a 64th here), or the whole call reverts: otherwise whoever
        // calls could starve the read and be shown a token without a symbol.
        uint256 needed = READ_GAS + READ_GAS / 63 + 5000;
        uint256 left = gasleft();
        require(left >= needed, NotEnoughGas(left, needed));
        symbol = clean(_text(_ask(token)));
        // Four bytes of address and their `0x`.
        if (bytes(symbol).length == 0) symbol = Strings.toHexString(uint160(token) >> 128, 4);
    }

    /// @notice A base's symbol as a series' name shows it: ETH and BTC for WETH and WBTC.
    function onScreen(string memory symbol) internal pure returns (string memory) {
        bytes32 hash = keccak256(bytes(symbol));
        if (hash == WETH) return "ETH";
        return hash == WBTC ? "BTC" : symbol;
    }

    /// @notice Any bytes, reduced as the library says; empty when nothing is left but replacements.
    function clean(bytes memory raw) internal pure returns (string memory) {
        // Never longer than the raw bytes: what is replaced has a byte at least.
        bytes memory text = new bytes(raw.length);
        uint256 length;
        bool readable;
        bool replaced;
        for (uint256 i; i < raw.length;) {
            uint256 size = _keptBytes(raw, i);
            if (size == 0) {
                if (!replaced) text[length++] = "?";
                replaced = true;
                ++i;
            } else {
                (readable, replaced) = (true, false);
                for (uint256 end = i + size; i < end; ++i) {
                    text[length++] = raw[i];
                }
            }
        }
        return readable ? string(_cut(text, length)) : "";
    }

    /// @dev How many bytes from `i` on are one character to keep; zero for none.
    function _keptBytes(bytes memory raw, uint256 i) private pure returns (uint256) {
        uint8 c = uint8(raw[i]);
        if ((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)) return 1;
        if (c == 0x2e || c == 0x5f || c == 0x2b || c == 0x24) return 1; // . _ + $
        if (c != 0xe2 || i + 2 >= raw.length) return 0;
        // U+20A0 to U+20CF in UTF-8: e2 82 a0 to e2 82 bf, e2 83 80 to e2 83 8f.
        (uint8 second, uint8 third) = (uint8(raw[i + 1]), uint8(raw[i + 2]));
        bool currency =
            second == 0x82 ? third >= 0xa0 && third <= 0xbf : second == 0x83 && third >= 0x80 && third <= 0x8f;
        return currency ? 3 : 0;
    }

    /// @dev The first `length` bytes, or as many whole characters as leave room for two dots.
    function _cut(bytes memory text, uint256 length) private pure returns (bytes memory cut) {
        bool tooLong = length > MAX_LENGTH;
        if (tooLong) {
            length = MAX_LENGTH - 2;
            // Not inside a character: bytes of the form 10xxxxxx continue one.
            while (uint8(text[length]) & 0xc0 == 0x80) --length;
        }
        cut = _slice(text, 0, length);
        if (tooLong) cut = bytes.concat(cut, "..");
    }

    /// @dev The first bytes of the answer to `symbol()`; none where it reverts, burns its gas or there is no contract.
    function _ask(address token) private view returns (bytes memory answer) {
        answer = new bytes(MAX_COPY);
        bytes4 selector = bytes4(keccak256("symbol()"));
        uint256 gasLimit = READ_GAS;
        uint256 most = MAX_COPY;
        assembly ("memory-safe") {
            mstore(0, selector)
            let ok := staticcall(gasLimit, token, 0, 4, 0, 0)
            let size := returndatasize()
            if gt(size, most) { size := most }
            if iszero(ok) { size := 0 }
            returndatacopy(add(answer, 32), 0, size)
            mstore(answer, size)
        }
    }

    /// @dev The text in an answer, as far as it was copied: a `bytes32` up to its first zero, or a string in the layout
    /// that compilers write. None for anything else.
    function _text(bytes memory answer) private pure returns (bytes memory) {
        if (answer.length == 32) {
            uint256 length;
            while (length < 32 && answer[length] != 0) ++length;
            return _slice(answer, 0, length);
        }
        if (answer.length < 64 || _word(answer, 0) != 32) return "";
        uint256 said = _word(answer, 32);
        uint256 copied = answer.length - 64;
        if (said <= copied) return _slice(answer, 64, said);
        // More than there is: a lie, except where the copy ended before the text.
        return answer.length == MAX_COPY ? _slice(answer, 64, copied) : bytes("");
    }

    function _word(bytes memory data, uint256 start) private pure returns (uint256 word) {
        // Callers have checked that start + 32 is within the data.
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), start))
        }
    }

    function _slice(bytes memory data, uint256 start, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = data[start + i];
        }
    }
}
