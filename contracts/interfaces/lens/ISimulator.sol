// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey} from "../../libraries/SeriesId.sol";
import {BlockRead} from "./BlockRead.sol";
import {IAccountLens} from "./IAccountLens.sol";

/// @dev Where the code of an account that has one is put for the length of a simulation.
address constant ORIGINAL = address(uint160(uint256(keccak256("optionix.simulator.original"))));

/// @notice What actions would do for an account, before it signs them: the actions themselves, made and not kept.
/// @dev No formula is repeated: the real contracts act, so what is promised is what is got, in that state. One `eth_call`
///
///     from = to = the account,  data = simulate(calls, watch),
///     state override: code of the account = 363d3d373d3d3d363d73 <this contract> 5af43d82803e903d91602b57fd5bf3
///
/// (a proxy to this contract, ERC-1167) makes the account run this code for the length of the call (the third argument of `eth_call`, which geth, erigon,
/// nethermind, besu, reth and anvil know). Every call then has the account as its sender, as the signed ones would.
///
/// An account without code behaves as before: hooks of tokens and bare transfers are accepted, and its signature is checked
/// by its key. An account with code keeps it: a second override puts its own code at `ORIGINAL`, to which everything but
/// the simulation is passed on.
///
/// At its own address this contract does nothing: it acts only for an account that calls itself.
interface ISimulator {
    /// @param value Native coin sent along, wei.
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice What the calls cost, read from what they answered; zero where none was a trade. Units of `token`.
    /// @param premium Paid, or got for what was sold.
    /// @param fee The account's, on top of what is paid or out of what is got.
    struct Cost {
        address token;
        uint256 premium;
        uint256 fee;
    }

    /// @notice What the calls do to one book's settlement asset.
    /// @param cash Change of everything the account has there: in hand, free, locked, and due at a price that is known.
    /// @param worstLoss The most that can be lost by them over every settlement price: what the changed options can come to
    /// owe, less the cash. What goes into a vault or to others counts as lost.
    /// @param worstPrice The settlement price (WAD) where that is; the largest word while it rises without limit.
    struct Outcome {
        BookKey key;
        address token;
        int256 cash;
        uint256 worstLoss;
        uint256 worstPrice;
    }

    /// @param done How many calls went through; the first that fails ends it.
    /// @param refusal What that one reverted with; empty where all went through, or it reverted without a word.
    /// @param results What the calls answered.
    /// @param gasUsed By the calls alone, without what a transaction costs besides.
    /// @param costs One for each call.
    /// @param outcomes One for each book watched.
    struct Simulation {
        BlockRead readAt;
        uint256 done;
        bytes refusal;
        bytes[] results;
        uint256 gasUsed;
        Cost[] costs;
        Outcome[] outcomes;
        IAccountLens.Snapshot before;
        IAccountLens.Snapshot afterwards;
    }

    /// @notice The Simulator's code acts only for the account that calls itself.
    error OnlySelf(address caller);

    /// @notice Makes the calls in the account's name, one after the other, and tells what changed.
    function simulate(Call[] calldata calls, IAccountLens.Watch calldata watch) external returns (Simulation memory);
}
