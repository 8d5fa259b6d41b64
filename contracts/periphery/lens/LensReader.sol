// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IMarkets} from "../../interfaces/IMarkets.sol";
import {IOptionToken} from "../../interfaces/IOptionToken.sol";
import {BlockRead} from "../../interfaces/lens/BlockRead.sol";
import {Payoff} from "../../libraries/Payoff.sol";
import {Side} from "../../libraries/SeriesId.sol";

/// @title LensReader
/// @notice What every lens reads from.
abstract contract LensReader {
    /// @dev A loop ends, with what it has, when less gas is left.
    uint256 internal constant RESERVE_GAS = 2_000_000;

    IClearinghouse public immutable clearinghouse;
    IMarkets public immutable markets;
    IOptionToken public immutable optionToken;

    constructor(address clearinghouse_) {
        clearinghouse = IClearinghouse(clearinghouse_);
        markets = IMarkets(clearinghouse.markets());
        optionToken = IOptionToken(clearinghouse.optionToken());
    }

    function _now() internal view returns (BlockRead memory) {
        return BlockRead(uint64(block.number), uint64(block.timestamp), blockhash(block.number - 1));
    }

    function _assetOf(uint16 market, Side side) internal view returns (address token, uint256 scale) {
        uint8 decimals;
        (token, decimals) = markets.settlementAsset(market, side);
        scale = Payoff.scaleOf(decimals);
    }
}
