// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Base64} from "solady/utils/Base64.sol";

import {IOptionRenderer} from "../../../contracts/interfaces/IOptionRenderer.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";
import {AnyToken} from "./AnyToken.sol";

/// @notice A renderer over the market of `MarketsFixture` and over a second one, ANY, of two tokens with any symbol.
abstract contract RendererFixture is MarketsFixture {
    string internal constant JSON_HEAD = "data:application/json;base64,";
    string internal constant SVG_HEAD = "data:image/svg+xml;base64,";
    uint16 internal constant ANY = 2;

    IOptionRenderer internal renderer;
    AnyToken internal base;
    AnyToken internal quote;
    SeriesId internal anyCall;

    function setUp() public virtual override {
        super.setUp();
        renderer = IOptionRenderer(vm.deployCode("OptionRenderer.sol:OptionRenderer", abi.encode(address(markets))));
        base = new AnyToken();
        quote = new AnyToken();
        says(base, "BASE");
        says(quote, "QUOTE");
        markets.addMarket(address(base), address(quote), feedConfig());
        markets.listExpiry(ANY, EXPIRY);
        anyCall = SeriesIdLib.pack(ANY, Side.CALL, EXPIRY, 3000e8);
        list(anyCall);
    }

    function says(AnyToken token, string memory symbol) internal {
        token.set(AnyToken.Mood.ANSWERS, abi.encode(symbol));
    }

    function metadata(SeriesId id) internal view returns (string memory json) {
        return string(Base64.decode(afterHead(renderer.uri(SeriesId.unwrap(id)), JSON_HEAD)));
    }

    /// @dev What follows a text that must stand at the beginning.
    function afterHead(string memory text, string memory head) internal pure returns (string memory rest) {
        bytes memory all = bytes(text);
        uint256 length = bytes(head).length;
        bytes memory found = new bytes(length);
        bytes memory tail = new bytes(all.length - length);
        for (uint256 i; i < length; ++i) {
            found[i] = all[i];
        }
        for (uint256 i; i < tail.length; ++i) {
            tail[i] = all[length + i];
        }
        assertEq(string(found), head, "head");
        return string(tail);
    }

    function contains(string memory text, string memory part) internal pure returns (bool) {
        (bytes memory all, bytes memory wanted) = (bytes(text), bytes(part));
        for (uint256 i; i + wanted.length <= all.length; ++i) {
            uint256 j;
            while (j < wanted.length && all[i + j] == wanted[j]) ++j;
            if (j == wanted.length) return true;
        }
        return false;
    }
}
