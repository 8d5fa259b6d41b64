// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {VaultPricer} from "./VaultPricer.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title VaultParams
/// @notice What roles may set, inside bounds that VaultPricer fixes, and what a guardian may pause.
/// @dev Nothing here can stop a redemption, a release or a claim.
abstract contract VaultParams is IOptionVault, AccessManaged {
    /// @notice Holds the parameters, marks and quotes for this vault; created by it.
    VaultPricer public immutable pricer;

    // What the vault itself needs of its parameters.
    uint256 internal _performance;
    uint256 internal _depositCap;
    uint256 internal _minRequest;
    uint256 internal _noticeSeconds;
    bool public tradesPaused;
    bool public depositsPaused;

    constructor(address access, VaultPricer pricer_) AccessManaged(access) {
        pricer = pricer_;
    }

    /// @inheritdoc IOptionVault
    function params() external view returns (Params memory) {
        return pricer.params();
    }

    /// @inheritdoc IOptionVault
    function fees() external view returns (Fees memory) {
        return pricer.fees();
    }

    /// @inheritdoc IOptionVault
    function volatilityOracle() external view returns (address) {
        return address(pricer.volatilityOracle());
    }

    /// @inheritdoc IOptionVault
    function setParams(Params calldata params_) external restricted {
        _setParams(params_);
    }

    /// @inheritdoc IOptionVault
    function setFees(Fees calldata fees_) external restricted {
        _setFees(fees_);
    }

    /// @inheritdoc IOptionVault
    function setTradesPaused(bool paused) external restricted {
        tradesPaused = paused;
        emit TradesPaused(paused);
    }

    /// @inheritdoc IOptionVault
    function setDepositsPaused(bool paused) external restricted {
        depositsPaused = paused;
        emit DepositsPaused(paused);
    }

    // The pricer is the vault's own contract and calls nobody but the oracle's views.
    // slither-disable-next-line reentrancy-benign,reentrancy-events
    function _setParams(Params memory p) internal {
        pricer.setParams(p);
        _depositCap = p.depositCap;
        _minRequest = p.minRequest;
        _noticeSeconds = p.noticeSeconds;
        emit ParamsSet(p);
    }

    // slither-disable-next-line reentrancy-benign,reentrancy-events
    function _setFees(Fees memory f) internal {
        pricer.setFees(f);
        _performance = f.performance;
        emit FeesSet(f);
    }
}
