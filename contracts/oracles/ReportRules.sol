// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVolatilityOracle} from "../interfaces/IVolatilityOracle.sol";
import {ReportHash} from "../libraries/ReportHash.sol";
import {SliceMoves} from "../libraries/SliceMoves.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title ReportRules
/// @notice Who signs a surface report and how far one may go: all that a role can change, inside bounds that the code
/// fixes. The delay of a change is AccessManager's.
abstract contract ReportRules is IVolatilityOracle, AccessManaged, EIP712 {
    /// @dev One slot.
    struct Rules {
        uint32 heartbeat;
        uint64 volatilityPerDay;
        uint64 carryPerDay;
        uint32 maxMoveSeconds;
        uint8 threshold;
    }

    uint256 public constant MAX_SIGNERS = 32;

    /// @notice A single signer is enough on this chain alone, the local one.
    uint256 public constant LOCAL_CHAIN_ID = 31_337;

    /// @inheritdoc IVolatilityOracle
    mapping(uint16 market => uint256) public anchor;
    /// @inheritdoc IVolatilityOracle
    mapping(address account => bool) public isSigner;

    address[] private _signers;
    Rules internal _rules;

    /// @dev The bounds to start with: six hours of life, one volatility (100 %) and half a carry a day, time capped at a day.
    constructor(address access) AccessManaged(access) EIP712("Optionix VolatilityOracle", "1") {
        _setBounds(6 hours, 1e18, 0.5e18, 1 days);
    }

    // --- signatures ---

    /// @inheritdoc IVolatilityOracle
    function hashReport(SurfaceReport calldata report) public view returns (bytes32) {
        return _hashTypedDataV4(ReportHash.hash(report));
    }

    /// @dev Signatures ascend by signer, so each counts once. A signature that is not a current signer's is refused, not
    /// skipped: whoever collects them can leave it out. ECDSA refuses the malleable twin of a signature.
    function _checkSignatures(bytes32 digest, bytes[] calldata signatures, uint256 needed) internal view {
        if (signatures.length < needed || needed == 0) revert TooFewSigners(signatures.length, needed);
        address previous;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = ECDSA.recoverCalldata(digest, signatures[i]);
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            if (!isSigner[signer]) revert NotSigner(signer);
            previous = signer;
        }
    }

    // --- restricted ---

    /// @inheritdoc IVolatilityOracle
    /// @dev Ascending, so that none is named twice. Two at least decide wherever money is real: one stolen key moves
    /// nothing.
    function setSigners(address[] calldata signers_, uint8 threshold_) external restricted {
        uint256 count = signers_.length;
        if (count == 0 || count > MAX_SIGNERS) revert BadSigners("count");
        uint256 least = block.chainid == LOCAL_CHAIN_ID ? 1 : 2;
        if (threshold_ < least || threshold_ > count) revert BadSigners("threshold");
        address[] memory old = _signers;
        for (uint256 i; i < old.length; ++i) {
            isSigner[old[i]] = false;
        }
        address previous;
        for (uint256 i; i < count; ++i) {
            address signer = signers_[i];
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            isSigner[signer] = true;
            previous = signer;
        }
        _signers = signers_;
        _rules.threshold = threshold_;
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
    /// @dev A longer heartbeat makes slices fresh again that were stale: they bind their neighbours again, unseen by the
    /// calendar conditions until either is reported.
    function setBounds(uint32 heartbeat_, uint64 volatilityPerDay_, uint64 carryPerDay_, uint32 maxMoveSeconds_)
        external
        restricted
    {
        _setBounds(heartbeat_, volatilityPerDay_, carryPerDay_, maxMoveSeconds_);
    }

    function _setBounds(uint32 heartbeat_, uint64 volatilityPerDay_, uint64 carryPerDay_, uint32 maxMoveSeconds_)
        private
    {
        if (heartbeat_ < 10 minutes || heartbeat_ > 1 days) revert BadBounds("heartbeat");
        if (volatilityPerDay_ < 0.01e18 || volatilityPerDay_ > 5e18) revert BadBounds("volatilityPerDay");
        if (carryPerDay_ < 0.001e18 || carryPerDay_ > 2e18) revert BadBounds("carryPerDay");
        if (maxMoveSeconds_ < 1 hours || maxMoveSeconds_ > 2 days) revert BadBounds("maxMoveSeconds");
        _rules = Rules({
            heartbeat: heartbeat_,
            volatilityPerDay: volatilityPerDay_,
            carryPerDay: carryPerDay_,
            maxMoveSeconds: maxMoveSeconds_,
            threshold: _rules.threshold
        });
        emit BoundsSet(heartbeat_, volatilityPerDay_, carryPerDay_, maxMoveSeconds_);
    }

    // --- reading ---

    /// @inheritdoc IVolatilityOracle
    function signers() external view returns (address[] memory) {
        return _signers;
    }

    /// @inheritdoc IVolatilityOracle
    function threshold() external view returns (uint8) {
        return _rules.threshold;
    }

    /// @inheritdoc IVolatilityOracle
    function heartbeat() external view returns (uint32) {
        return _rules.heartbeat;
    }

    /// @inheritdoc IVolatilityOracle
    function volatilityPerDay() external view returns (uint64) {
        return _rules.volatilityPerDay;
    }

    /// @inheritdoc IVolatilityOracle
    function carryPerDay() external view returns (uint64) {
        return _rules.carryPerDay;
    }

    /// @inheritdoc IVolatilityOracle
    function movesPerDay() public view returns (MovesPerDay memory) {
        return MovesPerDay(_rules.volatilityPerDay, _rules.carryPerDay);
    }

    /// @inheritdoc IVolatilityOracle
    function maxMoveSeconds() external view returns (uint32) {
        return _rules.maxMoveSeconds;
    }
}
