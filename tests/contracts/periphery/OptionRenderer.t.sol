// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Base64} from "solady/utils/Base64.sol";

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {RendererFixture} from "./RendererFixture.sol";

contract OptionRendererTest is RendererFixture {
    function setUp() public override {
        super.setUp();
        list(call(3000));
        list(put(3000));
    }

    function trait(string memory json, uint256 index) internal pure returns (string memory) {
        string memory path = string.concat(".attributes[", vm.toString(index), "]");
        string memory kind = vm.parseJsonString(json, string.concat(path, ".trait_type"));
        return string.concat(kind, ": ", vm.parseJsonString(json, string.concat(path, ".value")));
    }

    function image(string memory json) internal pure returns (string memory) {
        return string(Base64.decode(afterHead(vm.parseJsonString(json, ".image"), SVG_HEAD)));
    }

    // --- what is refused ---

    function refuses(SeriesId id) internal {
        bytes memory refusal = abi.encodeWithSelector(IMarkets.UnlistedSeries.selector, id);
        vm.expectRevert(refusal);
        renderer.uri(SeriesId.unwrap(id));
        vm.expectRevert(refusal);
        renderer.name(id);
        vm.expectRevert(refusal);
        renderer.svg(id);
    }

    function testFuzz_WhatWasNeverListedHasNoCard(uint256 id) public {
        vm.assume(!markets.isListed(SeriesId.wrap(id)));
        refuses(SeriesId.wrap(id));
    }

    function test_NorHasWhatOnlyLooksListed() public {
        uint256 listed = SeriesId.unwrap(call(3000));
        refuses(SeriesId.wrap(listed | 1 << 128));
        refuses(SeriesId.wrap(listed | 2 << 104));
        refuses(call(3001));
    }

    // --- names ---

    function test_NamesASeriesAsTradersDo() public view {
        assertEq(renderer.name(call(3000)), "ETH-26SEP26-3000-C");
        assertEq(renderer.name(put(3000)), "ETH-26SEP26-3000-P");
    }

    function test_WritesStrikesWithADForThePoint() public {
        uint64[6] memory strikes = [uint64(1), 62_500_000, 10_000_001, 1_000_000_000, 123_450_000_000, type(uint64).max];
        string[6] memory texts = ["0d00000001", "0d625", "0d10000001", "10", "1234d5", "184467440737d09551615"];
        for (uint256 i; i < 6; ++i) {
            SeriesId id = SeriesIdLib.pack(ETH, Side.PUT, EXPIRY, strikes[i]);
            list(id);
            assertEq(renderer.name(id), string.concat("ETH-26SEP26-", texts[i], "-P"));
        }
    }

    function test_WritesDatesAsTheCalendarHasThem() public {
        uint40[6] memory expiries = [
            uint40(1_793_520_000), // a day of one digit
            1_798_704_000, // the end of a year
            1_835_424_000, // a leap day
            4_102_387_200, // the last day of the century
            4_102_473_600, // the first that two digits would confuse
            1_000_000_022_400 // far beyond
        ];
        string[6] memory dates = ["1NOV26", "31DEC26", "29FEB28", "31DEC99", "1JAN2100", "27SEP33658"];
        for (uint256 i; i < 6; ++i) {
            markets.listExpiry(ETH, expiries[i]);
            SeriesId id = SeriesIdLib.pack(ETH, Side.CALL, expiries[i], 3000e8);
            list(id);
            assertEq(renderer.name(id), string.concat("ETH-", dates[i], "-3000-C"));
        }
    }

    // --- the life of a series ---

    function test_AnOpenSeries() public view {
        string memory json = metadata(call(3000));
        assertEq(vm.parseJsonString(json, ".name"), "ETH-26SEP26-3000-C");
        assertEq(vm.parseJsonUint(json, ".decimals"), 18);
        assertEq(trait(json, 0), "Market: ETH/USDC");
        assertEq(trait(json, 1), "Side: Call");
        assertEq(trait(json, 2), "Strike: 3000 USDC");
        assertEq(vm.parseJsonString(json, ".attributes[3].trait_type"), "Expiry");
        assertEq(vm.parseJsonString(json, ".attributes[3].display_type"), "date");
        assertEq(vm.parseJsonUint(json, ".attributes[3].value"), EXPIRY);
        assertEq(trait(json, 4), "Settlement asset: WETH");
        assertEq(trait(json, 5), "Status: Open");
        assertFalse(vm.keyExistsJson(json, ".attributes[6]"));
        assertEq(image(json), renderer.svg(call(3000)));
    }

    function test_SaysWhatItPaysAndInWhichToken() public view {
        string memory said = vm.parseJsonString(metadata(call(3000)), ".description");
        assertTrue(contains(said, "European call on ETH against USDC, cash settled in WETH ("), "side");
        assertTrue(contains(said, vm.toString(address(weth))), "the token itself: a symbol can lie");
        assertTrue(
            contains(said, "26 SEP 2026 at 08:00 UTC, when each contract pays max(S - 3000, 0) / S WETH."), "call"
        );
        said = vm.parseJsonString(metadata(put(3000)), ".description");
        assertTrue(contains(said, vm.toString(address(usdc))), "quote");
        assertTrue(contains(said, "pays max(3000 - S, 0) USDC. S is the index"), "put");
        assertTrue(contains(said, "(its last round or the last spot kept where no average can be proven)"), "else");
    }

    function test_ExpiresAtItsSecond() public {
        vm.warp(EXPIRY - 1);
        assertEq(trait(metadata(call(3000)), 5), "Status: Open");
        vm.warp(EXPIRY);
        assertEq(trait(metadata(call(3000)), 5), "Status: Expired");
        assertTrue(contains(renderer.svg(call(3000)), ">Expired</text>"), "card");
    }

    function test_SettledInTheMoney() public {
        settleAt(ETH, EXPIRY, feed, 3411.55e18);
        string memory json = metadata(call(3000));
        assertEq(trait(json, 5), "Status: Settled");
        assertEq(trait(json, 6), "Settlement price: 3411.55 USDC");
        // (3411.55 - 3000) / 3411.55, rounded down to a wei of WETH.
        assertEq(trait(json, 7), "Settled value per contract: 0.120634315780217203 WETH");
        assertTrue(contains(image(json), ">3,411.55</text>"), "price");
        assertTrue(contains(image(json), ">0.1206</text>"), "value");
        assertTrue(contains(image(json), "#3fcf8e"), "green");
    }

    /// @dev Each rule by its own words: nobody is told of an average that was none.
    function test_SaysByWhichRuleItSettled() public {
        settleAt(ETH, EXPIRY, feed, 3411.55e18);
        _says("averaged over the 30 minutes before expiry. A de-peg", "30-minute average", ">SETTLED (USDC)</text>");
        _settledBy(IMarkets.Rule.LAST_ROUND);
        _says("S is the last positive round of", "Last round before expiry", ">AT LAST ROUND (USDC)</text>");
        _settledBy(IMarkets.Rule.CHECKPOINT);
        _says("S is the last spot that the market kept", "Last spot kept before expiry", ">AT CHECKPOINT (USDC)</text>");
    }

    function _settledBy(IMarkets.Rule rule) private {
        vm.mockCall(address(markets), abi.encodeCall(IMarkets.settlementRule, (ETH, EXPIRY)), abi.encode(rule));
    }

    function _says(string memory sentence, string memory rule, string memory label) private view {
        string memory json = metadata(call(3000));
        assertTrue(contains(vm.parseJsonString(json, ".description"), sentence), sentence);
        assertEq(trait(json, 8), string.concat("Settled by: ", rule));
        assertTrue(contains(image(json), label), label);
    }

    function test_SettledAtZeroIsGrey() public {
        settleAt(ETH, EXPIRY, feed, 3411.55e18);
        string memory json = metadata(put(3000));
        assertEq(trait(json, 6), "Settlement price: 3411.55 USDC");
        assertEq(trait(json, 7), "Settled value per contract: 0 USDC");
        assertFalse(contains(image(json), "#ff7a7a"), "red");
    }

    function test_APutPaysInUnitsOfItsToken() public {
        settleAt(ETH, EXPIRY, feed, 2999.12345678e18);
        string memory json = metadata(put(3000));
        assertEq(trait(json, 6), "Settlement price: 2999.12345678 USDC");
        assertEq(trait(json, 7), "Settled value per contract: 0.876543 USDC");
        assertTrue(contains(image(json), ">0.8765</text>"), "card");
    }

    function test_TheDotLiesWhereThePriceDoes() public {
        SeriesId low = SeriesIdLib.pack(ETH, Side.CALL, EXPIRY, 1);
        SeriesId high = SeriesIdLib.pack(ETH, Side.PUT, EXPIRY, type(uint64).max);
        SeriesId near = call(3300);
        list(low);
        list(high);
        list(near);
        settleAt(ETH, EXPIRY, feed, 3000e18);
        assertTrue(contains(renderer.svg(call(3000)), "cx='256' cy='390'"), "at the strike");
        // A tenth of 3,300 below it is 93 of the 256 pixels that a quarter has; the call's line is flat there.
        assertTrue(contains(renderer.svg(near), "cx='163' cy='390'"), "below");
        // From far away a fifth of the side is kept free above the strike; below, the edge is a price of zero.
        assertTrue(contains(renderer.svg(low), "cx='460' cy='288'"), "far above");
        assertTrue(contains(renderer.svg(high), "cx='14' cy='269'"), "far below");
    }

    function testFuzz_AnyPriceLiesOnTheCard(uint256 price, uint64 strike, bool isCall) public {
        price = bound(price, 10e8, 100_000e8) * 1e10;
        vm.assume(strike != 0);
        SeriesId id = SeriesIdLib.pack(ETH, isCall ? Side.CALL : Side.PUT, EXPIRY, strike);
        if (!markets.isListed(id)) list(id);
        settleAt(ETH, EXPIRY, feed, price);
        string memory card = renderer.svg(id);
        assertTrue(contains(card, "<circle cx='"), "dot");
        assertLt(bytes(renderer.uri(SeriesId.unwrap(id))).length, 6000, "size");
    }

    // --- tokens of the market ---

    function test_WrappedBitcoinIsBitcoinInTheNameOnly() public {
        says(base, "WBTC");
        assertEq(renderer.name(anyCall), "BTC-26SEP26-3000-C");
        assertEq(trait(metadata(anyCall), 4), "Settlement asset: WBTC");
        says(base, "WBTC2");
        assertEq(renderer.name(anyCall), "WBTC2-26SEP26-3000-C");
    }

    function test_CostsLittle() public view {
        uint256 before = gasleft();
        renderer.uri(SeriesId.unwrap(call(3000)));
        assertLt(before - gasleft(), 500_000);
    }
}
