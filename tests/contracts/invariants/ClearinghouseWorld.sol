// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {Payoff} from "../../../contracts/libraries/Payoff.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {ClearinghouseScene} from "./ClearinghouseScene.sol";
import {Intruder} from "./Intruder.sol";
import {TurncoatToken} from "./TurncoatToken.sol";

/// @notice The contracts and people of the Clearinghouse's campaign, and a ledger of what they brought in and took out.
abstract contract ClearinghouseWorld is ClearinghouseScene {
    struct Setting {
        IClearinghouse house;
        IMarkets markets;
        ReplayFeed feed;
        TestToken weth;
        TestToken usdc;
        TurncoatToken whole;
        TurncoatToken cents;
        uint40 firstExpiry;
        address treasury;
    }

    IClearinghouse public immutable house;
    IMarkets public immutable markets;
    ReplayFeed public immutable feed;
    IOptionToken public immutable token;
    TurncoatToken public immutable whole;
    TurncoatToken public immutable cents;
    Intruder public immutable intruder;
    address public immutable treasury;

    /// @notice Per token: what came in by deposits, what was sent in without one, what left.
    mapping(address token => uint256) public deposited;
    mapping(address token => uint256) public donated;
    mapping(address token => uint256) public withdrawn;

    /// @notice Per token: what holders were paid, to a receiver or to their free balance, and what settled books owed.
    mapping(address token => uint256) public paid;
    mapping(address token => int256) public owed;

    /// @notice What an actor put in and was given by others, less what it gave to others; and what it took out.
    mapping(address actor => mapping(address token => int256)) public putIn;
    mapping(address actor => mapping(address token => uint256)) public tookOut;

    /// @notice Options that an actor was given by others, less what it gave.
    mapping(address actor => mapping(SeriesId => int256)) public given;

    /// @notice Whether the feed is gone for good.
    bool public feedIsDead;

    /// @notice Calls that went through, by name, so that a run that does nothing is seen.
    mapping(bytes32 name => uint256) public done;

    /// @notice The first thing that a hostile call could do and must not be able to. Empty while all is well.
    string public broken;

    constructor(Setting memory s) {
        (house, markets, feed) = (s.house, s.markets, s.feed);
        (whole, cents) = (s.whole, s.cents);
        treasury = s.treasury;
        token = IOptionToken(s.house.optionToken());
        intruder = new Intruder();
        _enterScene(
            s.firstExpiry, address(intruder), [s.weth, s.usdc, TestToken(address(s.whole)), TestToken(address(s.cents))]
        );
    }

    // --- what there is ---

    function assetOf(BookKey key) public view returns (TestToken) {
        return _tokens[assetIndex(key)];
    }

    function priceOf(BookKey key) public view returns (uint256 price) {
        (price,) = markets.settlement(key.market(), key.expiry());
    }

    function held(address account, SeriesId id) public view returns (uint256) {
        return token.balanceOf(account, SeriesId.unwrap(id));
    }

    // --- the ledger ---

    /// @dev Options that move from one to another, without a price here: the settlement decides what they were worth.
    function _give(address from, address to, SeriesId id, uint256 amount) internal {
        given[from][id] -= int256(amount);
        given[to][id] += int256(amount);
    }

    /// @dev Money that leaves the world through an actor.
    function _out(address account, TestToken asset, uint256 assets) internal {
        withdrawn[address(asset)] += assets;
        tookOut[account][address(asset)] += assets;
    }

    function _breaks(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }

    /// @notice What an actor may have taken out at most, in WAD of a token: what it put in, and the exact worth of what
    /// others gave it at the settlement prices (to a wei a series, rounded up).
    function mayTakeWad(address account, uint256 i) external view returns (int256 most) {
        for (uint256 k; k < KEYS; ++k) {
            BookKey key = keyAt(k);
            if (assetIndex(key) != i) continue;
            for (uint256 s; s < STRIKES; ++s) {
                SeriesId id = key.series(strikeAt(s));
                most += _worth(id, given[account][id]);
            }
        }
        most += putIn[account][address(tokenAt(i))] * int256(scaleAt(i));
    }

    /// @dev The payoff of a signed amount in WAD of its asset, rounded up.
    function _worth(SeriesId id, int256 amount) private view returns (int256) {
        uint256 price = priceOf(id.bookKey());
        if (amount < 0) return -int256(Payoff.payoffDown(id.side(), id.strikeWad(), price, uint256(-amount), 1));
        return int256(Payoff.payoffUp(id.side(), id.strikeWad(), price, uint256(amount), 1));
    }
}
