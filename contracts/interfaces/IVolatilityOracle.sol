// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "./IMarkets.sol";

/// @notice Signed SSVI volatility slices, one per (market, expiry), each in one storage slot.
/// @dev w0(k) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), k = ln(strike / forward),
/// forward = spot exp(carry T). Source: Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces" (2014).
/// At a later time with T left, w(k) = w0(k) T / T0 with T0 = expiry - timestamp.
interface IVolatilityOracle {
    /// @param theta At-the-money total variance at the report's time, units of 1e-16.
    /// @param phi Curvature, units of 1e-15.
    /// @param rho Correlation, units of 1e-12.
    /// @param carry Annual carry of the forward, units of 1e-9.
    /// @param timestamp Seconds; zero means no slice.
    struct Slice {
        uint64 theta;
        uint64 phi;
        int48 rho;
        int40 carry;
        uint40 timestamp;
    }

    /// @notice One expiry's part of a report, in the units of `Slice`.
    struct SliceReport {
        uint40 expiry;
        uint64 theta;
        uint64 phi;
        int48 rho;
        int40 carry;
    }

    /// @notice How far a report may move volatility and carry, WAD a day since the last one.
    struct MovesPerDay {
        uint64 volatility;
        uint64 carry;
    }

    /// @notice A batch of slices of one market under one set of signatures. EIP-712 primary type `SurfaceReport`.
    struct SurfaceReport {
        uint16 market;
        uint40 timestamp;
        SliceReport[] slices;
    }

    event SlicePosted(
        uint16 indexed market,
        uint40 indexed expiry,
        uint64 theta,
        uint64 phi,
        int48 rho,
        int40 carry,
        uint40 timestamp,
        bool clipped
    );
    event SurfacePosted(uint16 indexed market, uint40 timestamp, address indexed poster, uint256 slices);
    /// @param until When the halt ends; the largest uint40 while it lasts until a report fits again. The newest event of an
    /// expiry says the whole truth about its halt.
    /// @param by The signer, or zero when a clipped report halted.
    event ExpiryHalted(uint16 indexed market, uint40 indexed expiry, uint40 until, address by);
    event ExpiryResumed(uint16 indexed market, uint40 indexed expiry);
    event SignersSet(address[] signers, uint8 threshold);
    event AnchorSet(uint16 indexed market, uint256 volatility);
    /// @param heartbeat Seconds after which a slice is stale, and the oldest report accepted.
    /// @param volatilityPerDay Largest move of volatility, WAD per day.
    /// @param carryPerDay Largest move of carry, WAD of annual carry per day.
    /// @param maxMoveSeconds Cap of the time that the bounds are multiplied by.
    event BoundsSet(uint32 heartbeat, uint64 volatilityPerDay, uint64 carryPerDay, uint32 maxMoveSeconds);

    error TooFewSigners(uint256 valid, uint256 threshold);
    error SignersNotAscending(address previous, address signer);
    error NotSigner(address signer);
    error EmptyReport();
    error ExpiriesNotAscending(uint40 previous, uint40 expiry);
    error ReportNotNewer(uint40 timestamp, uint40 stored);
    error ReportFromFuture(uint40 timestamp, uint256 now_);
    error ReportTooOld(uint40 timestamp, uint256 now_);
    error ExpiryPassed(uint40 expiry);
    error UnlistedExpiry(uint16 market, uint40 expiry);
    error ButterflyArbitrage(uint40 expiry);
    error CalendarArbitrage(uint40 nearExpiry, uint40 farExpiry);
    error VolatilityOutOfRange(uint40 expiry, uint256 volatility);
    error CarryOutOfRange(uint40 expiry, int256 carry);
    error NoAnchor(uint16 market);
    error FirstReportTooFar(uint40 expiry);
    error TooManyExpiries(uint16 market, uint256 limit);
    error ExpiryTooFar(uint40 expiry);
    error NoSlice(uint16 market, uint40 expiry);
    error StaleSlice(uint16 market, uint40 expiry, uint40 timestamp);
    error Halted(uint16 market, uint40 expiry);
    error HaltsUsedUp(address signer, uint256 limit);
    error BadSigners(bytes32 what);
    error BadBounds(bytes32 what);

    /// @notice Stores a signed report. Anybody may submit it.
    /// @param signatures 65-byte ECDSA signatures in ascending order of their signers' addresses.
    function post(SurfaceReport calldata report, bytes[] calldata signatures) external;

    /// @notice EIP-712 digest that signers sign.
    function hashReport(SurfaceReport calldata report) external view returns (bytes32);

    /// @notice The newest slice, whatever its age; `timestamp` zero when there is none.
    function slice(uint16 market, uint40 expiry) external view returns (Slice memory);

    /// @notice The slice that the newest one replaced.
    function previousSlice(uint16 market, uint40 expiry) external view returns (Slice memory);

    /// @notice The newest and the previous slice for trading, and how far the next report may move them. Reverts when
    /// missing, older than the heartbeat, or halted.
    function tradableSlices(uint16 market, uint40 expiry)
        external
        view
        returns (Slice memory newest, Slice memory previous, MovesPerDay memory moves);

    /// @notice The newest slice for marking: halted is allowed. Reverts when missing or older than the heartbeat.
    function freshSlices(uint16 market, uint40 expiry)
        external
        view
        returns (Slice memory newest, Slice memory previous);

    function isHalted(uint16 market, uint40 expiry) external view returns (bool);

    function heartbeat() external view returns (uint32);

    /// @notice Largest move of volatility that a report may make, WAD of volatility per day since the last report.
    function volatilityPerDay() external view returns (uint64);

    /// @notice `volatilityPerDay` and `carryPerDay` in one.
    function movesPerDay() external view returns (MovesPerDay memory);

    /// @notice The expiries, ascending, whose slices a report must fit by the calendar conditions: fresh, not passed and not
    /// clipped.
    function bindingExpiries(uint16 market) external view returns (uint40[] memory expiries);

    /// @notice Replaces the signers. Restricted. Threshold at least two (one on the local chain) and at most their number.
    function setSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice The volatility near which a market's first report must lie, WAD. Restricted.
    function setAnchor(uint16 market, uint256 volatility) external;

    /// @notice Any one current signer halts vault trades of an expiry for a heartbeat, a bounded number of times.
    function halt(uint16 market, uint40 expiry) external;

    /// @notice Sets the bounds of `BoundsSet`, inside limits fixed by the code. Restricted.
    function setBounds(uint32 heartbeat_, uint64 volatilityPerDay_, uint64 carryPerDay_, uint32 maxMoveSeconds_)
        external;

    /// @notice Says which expiries are listed.
    function markets() external view returns (IMarkets);
    function signers() external view returns (address[] memory);
    function isSigner(address account) external view returns (bool);
    function threshold() external view returns (uint8);
    function anchor(uint16 market) external view returns (uint256 volatility);
    function carryPerDay() external view returns (uint64);
    function maxMoveSeconds() external view returns (uint32);
}
