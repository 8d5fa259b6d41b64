// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../interfaces/IAsyncVault.sol";
import {IOptionVault} from "../../interfaces/IOptionVault.sol";
import {IVaultLens} from "../../interfaces/lens/IVaultLens.sol";
import {SeriesId} from "../../libraries/SeriesId.sol";
import {LensReader} from "./LensReader.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @dev What a vault shows besides its interfaces.
interface IVaultReads {
    function written(SeriesId series) external view returns (uint256);
    function tradesPaused() external view returns (bool);
    function depositsPaused() external view returns (bool);
    function VIRTUAL_ASSETS() external view returns (uint256);
}

/// @title VaultLens
/// @notice Vaults and what depositors have in them. A vault that is not one of ours can at worst answer for itself.
contract VaultLens is IVaultLens, LensReader {
    constructor(address clearinghouse_) LensReader(clearinghouse_) {}

    using FixedPointMathLib for uint256;

    uint256 private constant ONE_SHARE = 1e18;

    /// @inheritdoc IVaultLens
    function vault(address vault_) external view returns (VaultView memory v) {
        IOptionVault target = IOptionVault(vault_);
        v.readAt = _now();
        (v.market, v.side) = (target.market(), target.side());
        uint256 scale;
        (v.asset, scale) = _assetOf(v.market, v.side);
        v.supply = IERC4626(vault_).totalSupply();
        (v.idle, v.locked, v.shortVegaWad) = (target.idleAssets(), target.lockedAssets(), target.shortVegaWad());
        (v.params, v.fees) = (target.params(), target.fees());
        v.tradesPaused = IVaultReads(vault_).tradesPaused();
        v.depositsPaused = IVaultReads(vault_).depositsPaused();
        Queues memory q;
        (q.pendingAssets, q.pendingShares, q.claimableAssets, q.claimableShares) = target.queueTotals();
        v.queues = q;
        v.open = _open(vault_);
        try target.netAssets() returns (uint256 entering, uint256 leaving) {
            (v.assetsAtBid, v.assetsAtAsk) = (entering, leaving);
            uint256 virtualAssets = IVaultReads(vault_).VIRTUAL_ASSETS();
            uint256 shares = v.supply + virtualAssets * scale;
            v.shareAtBid = ONE_SHARE.fullMulDivUp(entering + virtualAssets, shares);
            v.shareAtAsk = ONE_SHARE.fullMulDiv(leaving + virtualAssets, shares);
            if (v.locked != 0) v.utilisation = leaving == 0 ? type(uint256).max : v.locked.fullMulDiv(1e18, leaving);
        } catch (bytes memory reason) {
            v.valueError = reason;
        }
    }

    /// @inheritdoc IVaultLens
    function controller(
        address vault_,
        address controller_,
        uint256[] calldata depositIds,
        uint256[] calldata redemptionIds
    ) external view returns (ControllerView memory v) {
        IERC4626 shares = IERC4626(vault_);
        v.readAt = _now();
        v.shares = shares.balanceOf(controller_);
        (v.maxDeposit, v.maxMint) = (shares.maxDeposit(controller_), shares.maxMint(controller_));
        (v.maxWithdraw, v.maxRedeem) = (shares.maxWithdraw(controller_), shares.maxRedeem(controller_));
        try shares.convertToAssets(v.shares) returns (uint256 assets) {
            v.redeemsFor = assets;
        } catch (bytes memory reason) {
            v.valueError = reason;
        }
        v.deposits = new RequestView[](depositIds.length);
        for (uint256 i; i < depositIds.length; ++i) {
            uint256 id = depositIds[i];
            IERC7540Deposit queue = IERC7540Deposit(vault_);
            v.deposits[i] = _request(
                id, queue.pendingDepositRequest(id, controller_), queue.claimableDepositRequest(id, controller_)
            );
        }
        v.redemptions = new RequestView[](redemptionIds.length);
        for (uint256 i; i < redemptionIds.length; ++i) {
            uint256 id = redemptionIds[i];
            IERC7540Redeem queue = IERC7540Redeem(vault_);
            v.redemptions[i] = _request(
                id, queue.pendingRedeemRequest(id, controller_), queue.claimableRedeemRequest(id, controller_)
            );
        }
    }

    /// @inheritdoc IVaultLens
    function estimateDeposit(address vault_, uint256 assets) external view returns (Estimate memory e) {
        e.assets = assets;
        try IERC4626(vault_).convertToShares(assets) returns (uint256 shares) {
            e.shares = shares;
        } catch (bytes memory reason) {
            e.refusal = reason;
        }
    }

    /// @inheritdoc IVaultLens
    function estimateRedeem(address vault_, uint256 shares) external view returns (Estimate memory e) {
        e.shares = shares;
        try IERC4626(vault_).convertToAssets(shares) returns (uint256 assets) {
            e.assets = assets;
        } catch (bytes memory reason) {
            e.refusal = reason;
        }
    }

    function _open(address vault_) private view returns (OpenSeries[] memory open) {
        SeriesId[] memory series = IOptionVault(vault_).openSeries();
        open = new OpenSeries[](series.length);
        for (uint256 i; i < series.length; ++i) {
            open[i] = OpenSeries(series[i], IVaultReads(vault_).written(series[i]));
        }
    }

    function _request(uint256 id, uint256 pending, uint256 claimable) private pure returns (RequestView memory r) {
        (r.id, r.pending, r.claimable) = (id, pending, claimable);
        if (pending != 0) r.state = claimable == 0 ? RequestState.PENDING : RequestState.PARTIAL;
        else if (claimable != 0) r.state = RequestState.CLAIMABLE;
        else r.state = RequestState.DONE;
    }
}
