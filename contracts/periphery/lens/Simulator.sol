// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IMarkets} from "../../interfaces/IMarkets.sol";
import {BlockRead} from "../../interfaces/lens/BlockRead.sol";
import {IAccountLens} from "../../interfaces/lens/IAccountLens.sol";
import {ISimulator} from "../../interfaces/lens/ISimulator.sol";
import {SimulatedCost} from "./SimulatedCost.sol";
import {SimulatedOutcome} from "./SimulatedOutcome.sol";
import {StandIn} from "./StandIn.sol";

/// @title Simulator
/// @notice Makes an account's actions inside an `eth_call` and tells what they change. See ISimulator for how it is called.
/// @dev It runs as the account's own code, through a proxy: `address(this)` is the account, storage is the account's and is
/// never touched, and what it needs to know is immutable.
contract Simulator is ISimulator, StandIn {
    address private immutable SELF = address(this);
    IAccountLens private immutable accountLens;
    IMarkets private immutable markets;

    constructor(address clearinghouse_, address accountLens_) {
        markets = IMarkets(IClearinghouse(clearinghouse_).markets());
        accountLens = IAccountLens(accountLens_);
    }

    /// @inheritdoc ISimulator
    // What is not the account's own call is answered by its own code, which ends the call.
    // slither-disable-next-line incorrect-return
    function simulate(Call[] calldata calls, IAccountLens.Watch calldata watch) external returns (Simulation memory s) {
        if (msg.sender != address(this)) {
            require(address(this) != SELF, OnlySelf(msg.sender));
            _answer();
        }
        s.readAt = BlockRead(uint64(block.number), uint64(block.timestamp), blockhash(block.number - 1));
        s.before = accountLens.snapshot(address(this), watch);
        s.results = new bytes[](calls.length);
        s.costs = new Cost[](calls.length);
        for (; s.done < calls.length; ++s.done) {
            Call calldata c = calls[s.done];
            uint256 fee = SimulatedCost.feeOf(c);
            uint256 left = gasleft();
            // The account's own calls, in its own name, in a call that nothing is kept of.
            // slither-disable-next-line arbitrary-send-eth,calls-loop
            (bool ok, bytes memory answer) = c.target.call{value: c.value}(c.data);
            s.gasUsed += left - gasleft();
            if (!ok) {
                s.refusal = answer;
                break;
            }
            s.results[s.done] = answer;
            s.costs[s.done] = SimulatedCost.costOf(c, answer, fee);
        }
        s.afterwards = accountLens.snapshot(address(this), watch);
        s.outcomes = SimulatedOutcome.between(markets, watch, s.before, s.afterwards);
    }
}
