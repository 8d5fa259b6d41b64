// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {SLICE_POINTS, SliceMoves} from "../libraries/SliceMoves.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VolatilityOracle
/// @notice Signed SSVI slices, each proven butterfly free and held to a bounded move before it is stored.
/// @dev A keeper can fail or lie without breaking the market: a report that moves further than the bound is stored
/// clipped to it and halts the vaults' trades of that expiry until a report fits again.
contract VolatilityOracle is IVolatilityOracle, AccessManaged, EIP712 {
    /// @param until When the signers' halt ends.
    /// @param clipped Whether the newest report was clipped: trades wait until a report fits.
    struct Halt {
        uint40 until;
        bool clipped;
    }

    /// @dev One slot.
    struct Bounds {
        uint32 heartbeat;
        uint64 volatilityPerDay;
        uint64 carryPerDay;
        uint32 maxMoveSeconds;
    }

    /// @notice How often one signer may halt one expiry.
    uint8 public constant MAX_HALTS = 3;
    uint256 public constant MAX_SIGNERS = 32;

    bytes32 private constant SLICE_TYPEHASH =
        keccak256("SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)");
    bytes32 private constant REPORT_TYPEHASH = keccak256(
        "SurfaceReport(uint16 market,uint40 timestamp,SliceReport[] slices)SliceReport(uint40 expiry,uint64 theta,uint64 phi,int48 rho,int40 carry)"
    );

    /// @notice Says which expiries are listed.
    IMarkets public immutable markets;

    mapping(uint16 market => mapping(uint40 expiry => Slice)) private _newest;
    mapping(uint16 market => mapping(uint40 expiry => Slice)) private _previous;
    mapping(uint16 market => mapping(uint40 expiry => Halt)) private _halts;
    mapping(uint16 market => mapping(uint40 expiry => mapping(address signer => uint8))) private _haltsUsed;
    /// @dev Expiries with a slice, unordered; passed ones leave when a new one comes.
    mapping(uint16 market => uint40[]) private _expiries;

    /// @inheritdoc IVolatilityOracle
    mapping(uint16 market => uint256) public anchor;

    address[] private _signers;
    /// @inheritdoc IVolatilityOracle
    mapping(address account => bool) public isSigner;
    /// @inheritdoc IVolatilityOracle
    uint8 public threshold;
    Bounds private _bounds;

    /// @dev The bounds to start with: six hours of life, one volatility (100 %) and half a carry a day, time capped at a day.
    constructor(address access, address markets_) AccessManaged(access) EIP712("Optionix VolatilityOracle", "1") {
        markets = IMarkets(markets_);
        _setBounds(Bounds({heartbeat: 6 hours, volatilityPerDay: 1e18, carryPerDay: 0.5e18, maxMoveSeconds: 1 days}));
    }

    // --- reports ---

    /// @inheritdoc IVolatilityOracle
    function post(SurfaceReport calldata report, bytes[] calldata signatures) external {
        uint256 count = report.slices.length;
        if (count == 0) revert EmptyReport();
        Bounds memory bounds = _bounds;
        if (report.timestamp > block.timestamp) revert ReportFromFuture(report.timestamp, block.timestamp);
        if (block.timestamp - report.timestamp > bounds.heartbeat) {
            revert ReportTooOld(report.timestamp, block.timestamp);
        }
        _checkSignatures(hashReport(report), signatures);

        uint40 expiry;
        for (uint256 i; i < count; ++i) {
            SliceReport calldata given = report.slices[i];
            if (i != 0 && given.expiry <= expiry) revert ExpiriesNotAscending(expiry, given.expiry);
            expiry = given.expiry;
            _store(
                report.market,
                expiry,
                Slice({
                    theta: given.theta, phi: given.phi, rho: given.rho, carry: given.carry, timestamp: report.timestamp
                }),
                bounds
            );
        }
        emit SurfacePosted(report.market, report.timestamp, msg.sender, count);
    }

    /// @dev Checks one slice and stores it, clipped where it moved too far.
    function _store(uint16 market, uint40 expiry, Slice memory next, Bounds memory bounds) private {
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry);
        if (!markets.isExpiryListed(market, expiry)) revert UnlistedExpiry(market, expiry);
        Slice memory stored = _newest[market][expiry];
        if (next.timestamp <= stored.timestamp) revert ReportNotNewer(next.timestamp, stored.timestamp);
        if (!SliceMoves.isButterflyFree(next)) revert ButterflyArbitrage(expiry);
        uint256 secondsLeft = expiry - next.timestamp;
        if (!SliceMoves.carryInRange(next.carry, secondsLeft)) {
            revert CarryOutOfRange(expiry, int256(next.carry) * 1e9);
        }

        bool clipped;
        if (stored.timestamp == 0) {
            _checkFirst(market, expiry, next, bounds);
            _expiries[market].push(expiry);
        } else {
            (next, clipped) = _bound(stored, next, expiry, bounds);
            _previous[market][expiry] = stored;
        }
        _newest[market][expiry] = next;
        _setClipped(market, expiry, clipped);
        emit SlicePosted(market, expiry, next.theta, next.phi, next.rho, next.carry, next.timestamp, clipped);
    }

    /// @dev Holds a report to the bound around the stored slice.
    function _bound(Slice memory stored, Slice memory next, uint40 expiry, Bounds memory bounds)
        private
        pure
        returns (Slice memory, bool clipped)
    {
        uint256 elapsed = FixedPointMathLib.min(next.timestamp - stored.timestamp, bounds.maxMoveSeconds);
        int256[SLICE_POINTS] memory k = SliceMoves.points(stored, expiry, expiry - next.timestamp);
        uint256[SLICE_POINTS] memory from = SliceMoves.volatilities(stored, expiry, k);
        uint256[SLICE_POINTS] memory to = SliceMoves.volatilities(next, expiry, k);
        _checkRange(expiry, to);

        int40 carry = SliceMoves.clampCarry(stored.carry, next.carry, bounds.carryPerDay * elapsed / 1 days);
        if (carry != next.carry) {
            next.carry = carry;
            clipped = true;
        }
        uint256 limit = bounds.volatilityPerDay * elapsed / 1 days;
        if (!SliceMoves.within(from, to, limit)) {
            next = SliceMoves.clip(stored, next, expiry, k, from, limit);
            clipped = true;
        }
        return (next, clipped);
    }

    /// @dev The first report of an expiry lies within the bound (for the whole capped time) of the nearest expiry that has a
    /// fresh slice, compared at equal numbers of standard deviations, or else of the market's anchor, which has no carry.
    function _checkFirst(uint16 market, uint40 expiry, Slice memory next, Bounds memory bounds) private {
        uint256[SLICE_POINTS] memory to =
            SliceMoves.volatilities(next, expiry, SliceMoves.points(next, expiry, expiry - next.timestamp));
        _checkRange(expiry, to);
        uint256 limit = bounds.volatilityPerDay * uint256(bounds.maxMoveSeconds) / 1 days;
        uint256 carryLimit = bounds.carryPerDay * uint256(bounds.maxMoveSeconds) / 1 days;

        uint40 near = _nearest(market, expiry, bounds.heartbeat);
        if (near != 0) {
            Slice memory neighbour = _newest[market][near];
            uint256[SLICE_POINTS] memory from = SliceMoves.volatilities(
                neighbour, near, SliceMoves.points(neighbour, near, near - neighbour.timestamp)
            );
            if (
                SliceMoves.within(from, to, limit)
                    && SliceMoves.clampCarry(neighbour.carry, next.carry, carryLimit) == next.carry
            ) return;
        }
        uint256 level = anchor[market];
        if (level == 0) {
            if (near == 0) revert NoAnchor(market);
            revert FirstReportTooFar(expiry);
        }
        if (!SliceMoves.within(to, level, limit) || SliceMoves.clampCarry(0, next.carry, carryLimit) != next.carry) {
            revert FirstReportTooFar(expiry);
        }
    }

    /// @dev The expiry nearest in time that has a fresh slice, or zero. Drops passed expiries on its way, so that the list
    /// never grows past the listed ones.
    function _nearest(uint16 market, uint40 expiry, uint256 heartbeat_) private returns (uint40 near) {
        uint40[] storage list = _expiries[market];
        uint256 best = type(uint256).max;
        uint256 i = list.length;
        while (i != 0) {
            --i;
            uint40 candidate = list[i];
            if (candidate <= block.timestamp) {
                list[i] = list[list.length - 1];
                list.pop();
                continue;
            }
            uint256 distance = FixedPointMathLib.dist(uint256(candidate), uint256(expiry));
            if (distance < best && block.timestamp - _newest[market][candidate].timestamp <= heartbeat_) {
                (best, near) = (distance, candidate);
            }
        }
    }

    function _checkRange(uint40 expiry, uint256[SLICE_POINTS] memory volatility) private pure {
        uint256 outside = SliceMoves.outOfRange(volatility);
        if (outside != 0) revert VolatilityOutOfRange(expiry, outside);
    }

    /// @dev Signatures ascend by signer, so each counts once. A signature that is not a current signer's is refused, not
    /// skipped: whoever collects them can leave it out.
    function _checkSignatures(bytes32 digest, bytes[] calldata signatures) private view {
        uint256 needed = threshold;
        if (signatures.length < needed || needed == 0) revert TooFewSigners(signatures.length, needed);
        address previous;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = ECDSA.recover(digest, signatures[i]);
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            if (!isSigner[signer]) revert NotSigner(signer);
            previous = signer;
        }
    }

    /// @inheritdoc IVolatilityOracle
    function hashReport(SurfaceReport calldata report) public view returns (bytes32) {
        uint256 count = report.slices.length;
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            SliceReport calldata s = report.slices[i];
            hashes[i] = keccak256(abi.encode(SLICE_TYPEHASH, s.expiry, s.theta, s.phi, s.rho, s.carry));
        }
        return _hashTypedDataV4(
            keccak256(abi.encode(REPORT_TYPEHASH, report.market, report.timestamp, keccak256(abi.encodePacked(hashes))))
        );
    }

    // --- halts ---

    /// @inheritdoc IVolatilityOracle
    /// @dev A report that fits does not end it: a lone honest signer must be able to stop the vaults against the others.
    /// The number is bounded for each signer and expiry, so a hostile signer cannot stop them for ever.
    function halt(uint16 market, uint40 expiry) external {
        if (!isSigner[msg.sender]) revert NotSigner(msg.sender);
        if (expiry <= block.timestamp) revert ExpiryPassed(expiry);
        if (_newest[market][expiry].timestamp == 0) revert NoSlice(market, expiry);
        uint8 used = _haltsUsed[market][expiry][msg.sender];
        if (used == MAX_HALTS) revert HaltsUsedUp(msg.sender, MAX_HALTS);
        _haltsUsed[market][expiry][msg.sender] = used + 1;

        Halt storage state = _halts[market][expiry];
        uint40 until = uint40(block.timestamp) + _bounds.heartbeat;
        state.until = until;
        emit ExpiryHalted(market, expiry, state.clipped ? type(uint40).max : until, msg.sender);
    }

    /// @dev Halts on a clipped report, resumes on the first one that fits.
    function _setClipped(uint16 market, uint40 expiry, bool clipped) private {
        Halt storage state = _halts[market][expiry];
        if (state.clipped == clipped) return;
        state.clipped = clipped;
        uint40 until = state.until;
        if (clipped) emit ExpiryHalted(market, expiry, type(uint40).max, address(0));
        else if (until > block.timestamp) emit ExpiryHalted(market, expiry, until, address(0));
        else emit ExpiryResumed(market, expiry);
    }

    // --- reading ---

    /// @inheritdoc IVolatilityOracle
    function slice(uint16 market, uint40 expiry) external view returns (Slice memory) {
        return _newest[market][expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function previousSlice(uint16 market, uint40 expiry) external view returns (Slice memory) {
        return _previous[market][expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function tradableSlices(uint16 market, uint40 expiry)
        external
        view
        returns (Slice memory newest, Slice memory previous)
    {
        if (isHalted(market, expiry)) revert Halted(market, expiry);
        return freshSlices(market, expiry);
    }

    /// @inheritdoc IVolatilityOracle
    function freshSlices(uint16 market, uint40 expiry)
        public
        view
        returns (Slice memory newest, Slice memory previous)
    {
        newest = _newest[market][expiry];
        if (newest.timestamp == 0) revert NoSlice(market, expiry);
        if (block.timestamp - newest.timestamp > _bounds.heartbeat) {
            revert StaleSlice(market, expiry, newest.timestamp);
        }
        previous = _previous[market][expiry];
    }

    /// @inheritdoc IVolatilityOracle
    function isHalted(uint16 market, uint40 expiry) public view returns (bool) {
        Halt memory state = _halts[market][expiry];
        return state.clipped || block.timestamp < state.until;
    }

    /// @inheritdoc IVolatilityOracle
    function signers() external view returns (address[] memory) {
        return _signers;
    }

    /// @inheritdoc IVolatilityOracle
    function heartbeat() external view returns (uint32) {
        return _bounds.heartbeat;
    }

    /// @inheritdoc IVolatilityOracle
    function volatilityPerDay() external view returns (uint64) {
        return _bounds.volatilityPerDay;
    }

    /// @inheritdoc IVolatilityOracle
    function carryPerDay() external view returns (uint64) {
        return _bounds.carryPerDay;
    }

    /// @inheritdoc IVolatilityOracle
    function maxMoveSeconds() external view returns (uint32) {
        return _bounds.maxMoveSeconds;
    }

    // --- restricted ---

    /// @inheritdoc IVolatilityOracle
    /// @dev Ascending, so that none is named twice.
    function setSigners(address[] calldata signers_, uint8 threshold_) external restricted {
        uint256 count = signers_.length;
        if (count == 0 || count > MAX_SIGNERS) revert BadSigners("count");
        if (threshold_ == 0 || threshold_ > count) revert BadSigners("threshold");
        for (uint256 i; i < _signers.length; ++i) {
            isSigner[_signers[i]] = false;
        }
        address previous;
        for (uint256 i; i < count; ++i) {
            address signer = signers_[i];
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            isSigner[signer] = true;
            previous = signer;
        }
        _signers = signers_;
        threshold = threshold_;
        emit SignersSet(signers_, threshold_);
    }

    /// @inheritdoc IVolatilityOracle
    /// @dev Zero takes the anchor away.
    function setAnchor(uint16 market, uint256 volatility) external restricted {
        if (volatility != 0 && (volatility < SliceMoves.MIN_VOLATILITY || volatility > SliceMoves.MAX_VOLATILITY)) {
            revert BadBounds("anchor");
        }
        anchor[market] = volatility;
        emit AnchorSet(market, volatility);
    }

    /// @inheritdoc IVolatilityOracle
    function setBounds(uint32 heartbeat_, uint64 volatilityPerDay_, uint64 carryPerDay_, uint32 maxMoveSeconds_)
        external
        restricted
    {
        _setBounds(
            Bounds({
                heartbeat: heartbeat_,
                volatilityPerDay: volatilityPerDay_,
                carryPerDay: carryPerDay_,
                maxMoveSeconds: maxMoveSeconds_
            })
        );
    }

    function _setBounds(Bounds memory bounds) private {
        if (bounds.heartbeat < 10 minutes || bounds.heartbeat > 1 days) revert BadBounds("heartbeat");
        if (bounds.volatilityPerDay < 0.01e18 || bounds.volatilityPerDay > 5e18) revert BadBounds("volatilityPerDay");
        if (bounds.carryPerDay < 0.001e18 || bounds.carryPerDay > 2e18) revert BadBounds("carryPerDay");
        if (bounds.maxMoveSeconds < 1 hours || bounds.maxMoveSeconds > 2 days) revert BadBounds("maxMoveSeconds");
        _bounds = bounds;
        emit BoundsSet(bounds.heartbeat, bounds.volatilityPerDay, bounds.carryPerDay, bounds.maxMoveSeconds);
    }
}
