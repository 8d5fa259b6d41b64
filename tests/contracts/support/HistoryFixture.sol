// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {HistoryFeed} from "./HistoryFeed.sol";
import {MarketsFixture} from "./MarketsFixture.sol";

/// @notice A second expiry, a day after the first, on a feed whose history the test writes. Its listing left a checkpoint
/// in phase 9 (five days before), which no test uses by accident.
abstract contract HistoryFixture is MarketsFixture {
    uint40 internal constant LATER = EXPIRY + 1 days;
    uint40 internal constant LATER_OPENING = LATER - 30 minutes;
    int256 internal constant DOLLAR = 1e8;

    HistoryFeed internal history;

    function setUp() public virtual override {
        super.setUp();
        history = new HistoryFeed();
        history.set(9, 1, 3000 * DOLLAR, START);
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = address(history);
        markets.setFeed(ETH, config);
        markets.listExpiry(ETH, LATER);
    }

    function checkpointAt(uint256 timestamp) internal {
        vm.warp(timestamp);
        markets.checkpoint(ETH, LATER);
    }

    function settleLater(uint80 id) internal returns (uint256) {
        return markets.settle(ETH, LATER, id);
    }

    /// @notice Calls `markets` and undoes everything: whether it went well, and what it answered.
    function attempt(bytes memory data) internal returns (bool ok, uint256 price) {
        try this.callAndUndo(data) {
            revert("unreachable");
        } catch (bytes memory answer) {
            (ok, price) = abi.decode(answer, (bool, uint256));
        }
    }

    function callAndUndo(bytes calldata data) external {
        (bool ok, bytes memory answer) = address(markets).call(data);
        bytes memory result = abi.encode(ok, ok ? abi.decode(answer, (uint256)) : 0);
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }
}
