// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {ExpiryState} from "../libraries/MarketSlices.sol";
import {ReportRules} from "./ReportRules.sol";
import {SliceStore} from "./SliceStore.sol";

// Times are compared for what they are: no balance takes part.
// slither-disable-start incorrect-equality
/// @title VolatilityOracle
/// @notice Signed SSVI slices, each proven free of butterfly and calendar arbitrage and held to a bounded move.
/// @dev A keeper can fail or lie without breaking the market: a report that moves further than the bound is stored
/// clipped to it and halts the vaults' trades of that expiry until a report fits again. Who signs and how far a report may
/// go is ReportRules; what a report must satisfy is SliceStore; here are the way in, the halts and the way out.
contract VolatilityOracle is SliceStore {
    /// @notice How often one signer may halt one expiry.
    uint8 public constant MAX_HALTS = 3;

    mapping(uint16 market => mapping(uint40 expiry => mapping(address signer => uint8))) private _haltsUsed;

    constructor(address access, address markets_) ReportRules(access) SliceStore(markets_) {}

    // --- reports ---

    /// @inheritdoc IVolatilityOracle
    /// @dev All or nothing: who withholds a signed report, or posts an older one first, can only make a slice as it was
    /// signed the stored one a little earlier or later.
    function post(SurfaceReport calldata report, bytes[] calldata signatures) external {
        uint256 count = report.slices.length;
        if (count == 0) revert EmptyReport();
        Rules memory rules = _rules;
        if (report.timestamp > block.timestamp) revert ReportFromFuture(report.timestamp, block.timestamp);
        if (block.timestamp - report.timestamp > rules.heartbeat) {
            revert ReportTooOld(report.timestamp, block.timestamp);
        }
        _checkSignatures(hashReport(report), signatures, rules.threshold);
        _storeBatch(report, rules);
        emit SurfacePosted(report.market, report.timestamp, msg.sender, count);
    }

    // --- halts ---

    /// @inheritdoc IVolatilityOracle
    /// @dev A report that fits does not end it: a lone honest signer must be able to stop the vaults against the others.
    /// The number is bounded for each signer and expiry, so a hostile signer cannot stop them for ever.
    function halt(uint16 market, uint40 expiry) external {
        if (!isSigner[msg.sender]) revert NotSigner(msg.sender);
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry);
        if (_slices[market].newest[expiry].timestamp == 0) revert NoSlice(market, expiry);
        uint8 used = _haltsUsed[market][expiry][msg.sender];
        if (used == MAX_HALTS) revert HaltsUsedUp(msg.sender, MAX_HALTS);
        _haltsUsed[market][expiry][msg.sender] = used + 1;

        ExpiryState storage state = _slices[market].states[expiry];
        uint40 until = uint40(block.timestamp) + _rules.heartbeat;
        state.haltedUntil = until;
        emit ExpiryHalted(market, expiry, state.clipped ? type(uint40).max : until, msg.sender);
    }

    // --- reading ---

    /// @inheritdoc IVolatilityOracle
    function slice(uint16 market, uint40 expiry) external view returns (Slice memory) {
        return _slices[market].newest[expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function previousSlice(uint16 market, uint40 expiry) external view returns (Slice memory) {
        return _slices[market].previous[expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function tradableSlices(uint16 market, uint40 expiry)
        external
        view
        returns (Slice memory newest, Slice memory previous, MovesPerDay memory moves)
    {
        if (isHalted(market, expiry)) revert Halted(market, expiry);
        (newest, previous) = freshSlices(market, expiry);
        moves = movesPerDay();
    }

    /// @inheritdoc IVolatilityOracle
    function freshSlices(uint16 market, uint40 expiry)
        public
        view
        returns (Slice memory newest, Slice memory previous)
    {
        newest = _slices[market].newest[expiry];
        if (newest.timestamp == 0) revert NoSlice(market, expiry);
        if (block.timestamp - newest.timestamp > _rules.heartbeat) {
            revert StaleSlice(market, expiry, newest.timestamp);
        }
        previous = _slices[market].previous[expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function isHalted(uint16 market, uint40 expiry) public view returns (bool) {
        ExpiryState memory state = _slices[market].states[expiry];
        return state.clipped || block.timestamp < state.haltedUntil;
    }
}
// slither-disable-end incorrect-equality
