// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey, BookKeyLib, SeriesId, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Test} from "../support/Test.sol";

/// @notice What the small world of the Clearinghouse's campaign is made of, known without a call to anybody who looks.
/// @dev Market 1 is WETH (18 decimals) over USDC (6), with two expiries. Market 2 is a token without decimals over one
/// with two, both of which may turn against their holders, with the first expiry. Four strikes on both sides of each:
/// 6 books an account, 24 series. The last of the four actors is a contract that tries to get in again.
abstract contract ClearinghouseScene is Test {
    uint256 internal constant ACTORS = 4;
    uint256 internal constant KEYS = 6;
    uint256 internal constant STRIKES = 4;
    uint256 internal constant TOKENS = 4;
    uint256 internal constant SERIES = KEYS * STRIKES;
    /// @dev The first strike is no multiple of a quote unit, so that roundings show.
    uint64 internal constant FIRST_STRIKE = 200_100_000_000;
    uint64 internal constant STRIKE_STEP = 44_444_444_400;

    uint40 internal _firstExpiry;
    address[ACTORS] internal _actors;
    TestToken[4] internal _tokens;

    function _enterScene(uint40 firstExpiry, address intruder, TestToken[4] memory tokens) internal {
        (_firstExpiry, _tokens) = (firstExpiry, tokens);
        for (uint256 i; i < ACTORS - 1; ++i) {
            _actors[i] = vm.addr(_keyOf(i));
        }
        _actors[ACTORS - 1] = intruder;
    }

    /// @dev What an actor signs with; the contract among them has no key.
    function _keyOf(uint256 who) internal pure returns (uint256) {
        return 0xA1000 + who;
    }

    function actor(uint256 who) public view returns (address) {
        return _actors[who % ACTORS];
    }

    function tokenAt(uint256 i) public view returns (TestToken) {
        return _tokens[i % TOKENS];
    }

    /// @notice Units that make up about the same worth of each token.
    function units(uint256 i) public pure returns (uint256) {
        uint256[4] memory all = [uint256(50e18), 100_000e6, 50, 100_000e2];
        return all[i % TOKENS];
    }

    function strikeAt(uint256 i) public pure returns (uint64) {
        return FIRST_STRIKE + STRIKE_STEP * uint64(i % STRIKES);
    }

    function keyAt(uint256 i) public view returns (BookKey) {
        i %= KEYS;
        return BookKeyLib.pack(i < 4 ? 1 : 2, Side(i % 2), _firstExpiry + (i / 2 == 1 ? 1 days : 0));
    }

    function seriesAt(uint256 i) public view returns (SeriesId) {
        return keyAt(i).series(strikeAt(i / KEYS));
    }

    /// @notice Which of the four tokens a key settles in.
    function assetIndex(BookKey key) public pure returns (uint256) {
        return (key.market() == 1 ? 0 : 2) + uint256(key.side());
    }

    /// @notice WAD of one unit of a token.
    function scaleAt(uint256 i) public pure returns (uint256) {
        uint256[4] memory all = [uint256(1), 1e12, 1e18, 1e16];
        return all[i % TOKENS];
    }

    /// @notice WAD of one unit of a key's settlement asset.
    function scaleOf(BookKey key) public pure returns (uint256) {
        return scaleAt(assetIndex(key));
    }
}
