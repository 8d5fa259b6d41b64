// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionRenderer} from "../interfaces/IOptionRenderer.sol";
import {SeriesId} from "../libraries/SeriesId.sol";
import {SeriesText} from "../libraries/SeriesText.sol";
import {TokenSymbol} from "../libraries/TokenSymbol.sol";

// JSON is full of double quotes.
// solhint-disable quotes

/// @title OptionRenderer
/// @notice ERC-1155 metadata of option tokens, from the chain alone.
contract OptionRenderer is IOptionRenderer {
    /// @inheritdoc IOptionRenderer
    address public immutable markets;

    /// @param markets_ The Markets whose series are described.
    constructor(address markets_) {
        markets = markets_;
    }

    /// @inheritdoc IOptionRenderer
    function name(SeriesId series) public view returns (string memory) {
        _requireListed(series);
        address base = IMarkets(markets).market(series.market()).base;
        return SeriesText.name(series, TokenSymbol.onScreen(TokenSymbol.read(base)));
    }

    /// @inheritdoc IOptionRenderer
    function uri(uint256 id) external view returns (string memory) {
        string memory json = string.concat('{"name":"', name(SeriesId.wrap(id)), '","decimals":18}');
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    function _requireListed(SeriesId series) private view {
        require(IMarkets(markets).isListed(series), IMarkets.UnlistedSeries(series));
    }
}
