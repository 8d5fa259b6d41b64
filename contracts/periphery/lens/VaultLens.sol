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
    function CANCEL_AFTER_SECONDS() external view returns (uint256);
}

// What is compared is shown; no money moves by it.
// slither-disable-start incorrect-equality
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
            v.deposits[i] = _request(vault_, controller_, depositIds[i], false);
            v.deposits[i].claimable = IERC7540Deposit(vault_).claimableDepositRequest(depositIds[i], controller_);
            _setState(v.deposits[i]);
        }
        v.redemptions = new RequestView[](redemptionIds.length);
        for (uint256 i; i < redemptionIds.length; ++i) {
            v.redemptions[i] = _request(vault_, controller_, redemptionIds[i], true);
            v.redemptions[i].claimable = IERC7540Redeem(vault_).claimableRedeemRequest(redemptionIds[i], controller_);
            _setState(v.redemptions[i]);
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

    /// @dev Another controller's request is none of this one's: only its id is told.
    function _request(address vault_, address controller_, uint256 id, bool redemption)
        private
        view
        returns (RequestView memory r)
    {
        r.id = id;
        (address owner, uint256 readyAt, uint256 pending,, uint256 head) = IOptionVault(vault_).request(redemption, id);
        if (owner != controller_ || owner == address(0)) return r;
        (r.readyAt, r.pending) = (readyAt, pending);
        if (pending == 0) return r;
        r.ahead = id > head ? id - head : 0;
        r.cancellable =
            block.timestamp < readyAt || block.timestamp >= readyAt + IVaultReads(vault_).CANCEL_AFTER_SECONDS();
    }

    function _setState(RequestView memory r) private view {
        if (r.readyAt == 0) return;
        if (r.pending == 0) r.state = r.claimable == 0 ? RequestState.DONE : RequestState.CLAIMABLE;
        else if (r.claimable != 0) r.state = RequestState.PARTIAL;
        else r.state = block.timestamp < r.readyAt ? RequestState.WAITING : RequestState.READY;
    }
}
// slither-disable-end incorrect-equality
