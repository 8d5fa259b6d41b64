// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title VaultParams
/// @notice What roles may set, inside bounds that the pricer fixes, and what a guardian may pause.
/// @dev Nothing here can stop a redemption, a release or a claim.
abstract contract VaultParams is IOptionVault, AccessManaged {
    /// @notice Keeps the parameters, marks and quotes: fixed for ever, as what prices the shares must not be exchanged.
    IVaultPricer public immutable pricer;
    /// @inheritdoc IOptionVault
    address public immutable volatilityOracle;

    // What the vault itself needs of its parameters.
    uint128 internal _depositCap;
    uint128 internal _minRequest;
    uint32 internal _noticeSeconds;
    bool public tradesPaused;
    bool public depositsPaused;

    constructor(address access, IVaultPricer pricer_) AccessManaged(access) {
        pricer = pricer_;
        volatilityOracle = address(pricer_.volatilityOracle());
    }

    /// @inheritdoc IOptionVault
    function params() external view returns (Params memory) {
        return pricer.params(address(this));
    }

    /// @inheritdoc IOptionVault
    function fees() external view returns (Fees memory) {
        return pricer.fees(address(this));
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

    // The pricer is known from the constructor on and calls nobody but the oracle's views.
    // slither-disable-next-line reentrancy-benign,reentrancy-events
    function _setParams(Params memory p) internal {
        pricer.setParams(p);
        _depositCap = p.depositCap;
        _minRequest = p.minRequest;
        _noticeSeconds = p.noticeSeconds;
        emit ParamsSet(p);
    }

    // As above.
    // slither-disable-next-line reentrancy-benign,reentrancy-events
    function _setFees(Fees memory f) internal {
        pricer.setFees(f);
        emit FeesSet(f);
    }
}
