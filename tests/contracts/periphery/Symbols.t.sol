// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {AnyToken} from "./AnyToken.sol";
import {RendererFixture} from "./RendererFixture.sol";

/// @notice Symbols of tokens that nobody vouches for: what they answer, how long it is and what it costs.
contract SymbolsTest is RendererFixture {
    /// @dev The first digits of the base's address: what it goes by without a symbol.
    string internal prefix;

    function setUp() public override {
        super.setUp();
        bytes memory digits = bytes(vm.toString(abi.encodePacked(bytes4(bytes20(address(base))))));
        prefix = string(digits);
    }

    function shows(string memory symbol) internal view {
        assertEq(renderer.name(anyCall), string.concat(symbol, "-26SEP26-3000-C"));
        string memory json = metadata(anyCall);
        assertEq(vm.parseJsonString(json, ".attributes[4].value"), symbol);
    }

    function answers(bytes memory answer) internal {
        base.set(AnyToken.Mood.ANSWERS, answer);
    }

    function test_KeepsWhatTokensAreCalled() public {
        string[7] memory symbols = ["wstETH", "USDC.e", "cbBTC", unicode"USD₮0", "A_b+c$1", "X", unicode"€1₿"];
        for (uint256 i; i < symbols.length; ++i) {
            says(base, symbols[i]);
            shows(symbols[i]);
        }
    }

    function test_ReadsASymbolOfBytes32() public {
        answers(abi.encode(bytes32("MKR")));
        shows("MKR");
        answers(abi.encode(bytes32("ABCDEFGHIJKLMNOP")));
        shows("ABCDEFGHIJKLMNOP");
    }

    function test_ATokenWithoutASymbolGoesByItsAddress() public {
        says(base, "");
        shows(prefix);
        answers("");
        shows(prefix);
        answers(abi.encode(bytes32(0)));
        shows(prefix);
        base.set(AnyToken.Mood.REVERTS, abi.encode("WETH"));
        shows(prefix);
        vm.etch(address(base), "");
        shows(prefix);
    }

    function test_NothingReadableIsNoSymbol() public {
        says(base, "   ");
        shows(prefix);
        says(base, string(hex"e280aee2808b"));
        shows(prefix);
        answers(abi.encode(bytes(hex"eda080edb080")));
        shows(prefix);
    }

    function test_MalformedAnswersAreNoSymbol() public {
        answers(hex"01");
        shows(prefix);
        answers(abi.encode(uint256(32)));
        shows(prefix);
        answers(abi.encodePacked(uint256(32), uint256(5)));
        shows(prefix);
        answers(abi.encodePacked(uint256(32), uint256(5), "WETH"));
        shows(prefix);
        answers(abi.encodePacked(uint256(64), uint256(4), "WETH"));
        shows(prefix);
        answers(abi.encodePacked(type(uint256).max, uint256(4), bytes32("WETH")));
        shows(prefix);
        answers(abi.encodePacked(uint256(32), type(uint256).max, bytes31("WETH")));
        shows(prefix);
    }

    function test_MarkupAndQuotesAreLeftOut() public {
        says(base, "a</text><script>");
        shows("a?text?script?");
        says(base, "\"}<>&'\\/x");
        shows("?x");
        says(base, "ETH-1JAN27-1-P");
        shows("ETH?1JAN27?1?P");
        says(base, "A\n\r\t\x00\x1f\x7fB");
        shows("A?B");
    }

    function test_BrokenUtf8IsLeftOut() public {
        // A lone surrogate, an overlong slash, a bare continuation, a character cut off at the end.
        answers(abi.encode(bytes(hex"41eda08042")));
        shows("A?B");
        answers(abi.encode(bytes(hex"41c0af42")));
        shows("A?B");
        answers(abi.encode(bytes(hex"418242")));
        shows("A?B");
        answers(abi.encode(bytes(hex"41e282")));
        shows("A?");
        answers(abi.encode(bytes(hex"41e282c042")));
        shows("A?B");
        answers(abi.encode(bytes(hex"41e2832042")));
        shows("A?B");
        // Right-to-left override, a zero-width space, a Cyrillic letter that looks like C.
        says(base, string(hex"555344e280aee2808bd0a1"));
        shows("USD?");
        // Beside the signs of currencies.
        says(base, unicode"A₟B⃐C");
        shows("A?B?C");
    }

    function test_LongSymbolsAreCut() public {
        says(base, "ABCDEFGHIJKLMNOP");
        shows("ABCDEFGHIJKLMNOP");
        says(base, "ABCDEFGHIJKLMNOPQ");
        shows("ABCDEFGHIJKLMN..");
        says(base, unicode"ABCDEFGHIJKLM₮₮₮");
        shows("ABCDEFGHIJKLM..");
        bytes memory much = new bytes(10_240);
        for (uint256 i; i < much.length; ++i) {
            much[i] = "W";
        }
        says(base, string(much));
        shows("WWWWWWWWWWWWWW..");
        answers(much);
        shows(prefix);
    }

    function testFuzz_AnyAnswerLeavesOnlyHarmlessCharacters(bytes calldata answer, bool isText) public {
        answers(isText ? abi.encode(answer) : answer);
        bytes memory name = bytes(renderer.name(anyCall));
        uint256 length = name.length - bytes("-26SEP26-3000-C").length;
        assertGt(length, 0, "empty");
        assertLe(length, 16, "length");
        for (uint256 i; i < length; ++i) {
            bytes1 c = name[i];
            bool alphanumeric = (c >= "0" && c <= "9") || (c >= "A" && c <= "Z") || (c >= "a" && c <= "z");
            bool sign = c == "." || c == "_" || c == "+" || c == "$" || c == "?" || uint8(c) >= 0x80;
            assertTrue(alphanumeric || sign, "character");
        }
        vm.parseJsonString(metadata(anyCall), ".name");
    }

    function test_ATokenThatBurnsItsGasIsBounded() public {
        base.set(AnyToken.Mood.BURNS_ALL_GAS, "");
        quote.set(AnyToken.Mood.BURNS_ALL_GAS, "");
        uint256 before = gasleft();
        renderer.uri(SeriesId.unwrap(anyCall));
        assertLt(before - gasleft(), 700_000);
        shows(prefix);
    }

    function test_LittleGasNeverChangesAName() public {
        // A token that gives up early and keeps the gas: the rest would do for a card of a token without a symbol.
        base.set(AnyToken.Mood.WANTS_GAS, abi.encode("BASE"));
        bytes32 right = keccak256(bytes(renderer.name(anyCall)));
        bytes memory asked = abi.encodeCall(renderer.name, (anyCall));
        uint256 answered;
        for (uint256 limit = 20_000; limit < 300_000; limit += 500) {
            (bool ok, bytes memory data) = address(renderer).staticcall{gas: limit}(asked);
            if (!ok) continue;
            ++answered;
            assertEq(keccak256(bytes(abi.decode(data, (string)))), right, "another name");
        }
        assertGt(answered, 100, "never answered");
    }

    function test_TooLittleGasIsRefusedByName() public view {
        (bool ok, bytes memory data) =
            address(renderer).staticcall{gas: 60_000}(abi.encodeCall(renderer.name, (anyCall)));
        assertFalse(ok);
        assertEq(bytes32(bytes4(data)), bytes32(bytes4(keccak256("NotEnoughGas(uint256,uint256)"))));
    }
}
