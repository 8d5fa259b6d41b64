// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId, Side} from "../../libraries/SeriesId.sol";
import {IOptionVault} from "../IOptionVault.sol";
import {BlockRead} from "./BlockRead.sol";

/// @notice A vault, and what a depositor has in it.
interface IVaultLens {
    /// @param written Contracts that the vault has written, WAD.
    struct OpenSeries {
        SeriesId series;
        uint256 written;
    }

    /// @notice Sums over both queues: waiting, and processed but not claimed.
    struct Queues {
        uint256 pendingAssets;
        uint256 pendingShares;
        uint256 claimableAssets;
        uint256 claimableShares;
    }

    /// @notice Token units of the settlement asset.
    /// @param assetsAtBid Net assets as depositors enter, liabilities at the bid.
    /// @param assetsAtAsk Net assets as leavers leave, liabilities at the ask.
    /// @param shareAtBid What one share (1e18) costs a depositor, rounded up.
    /// @param shareAtAsk What one share pays a leaver, rounded down.
    /// @param utilisation Locked collateral over net assets at the ask, WAD; the largest word where those are zero.
    /// @param valueError Why net assets cannot be computed; empty where they can.
    struct VaultView {
        BlockRead readAt;
        uint16 market;
        Side side;
        address asset;
        uint256 supply;
        uint256 assetsAtBid;
        uint256 assetsAtAsk;
        uint256 shareAtBid;
        uint256 shareAtAsk;
        uint256 idle;
        uint256 locked;
        uint256 utilisation;
        uint256 shortVegaWad;
        bool tradesPaused;
        bool depositsPaused;
        IOptionVault.Params params;
        IOptionVault.Fees fees;
        Queues queues;
        OpenSeries[] open;
        bytes valueError;
    }

    /// @notice How far a request is.
    /// @dev NONE: not a request of this controller. WAITING: all of it waits, and so does its notice. READY: all of it waits
    /// for somebody to process it, and for those ahead. PARTIAL: a part is processed, the rest waits. CLAIMABLE: nothing
    /// waits, something can be claimed. DONE: nothing waits, nothing is left to claim (or it was cancelled).
    enum RequestState {
        NONE,
        WAITING,
        READY,
        PARTIAL,
        CLAIMABLE,
        DONE
    }

    /// @param pending Assets of a deposit or shares of a redemption that wait.
    /// @param claimable The same unit: processed and not claimed.
    /// @param readyAt When its notice ends, seconds.
    /// @param ahead Requests before it in its queue, cancelled ones included.
    /// @param cancellable Whether its controller can cancel what waits, now.
    struct RequestView {
        uint256 id;
        RequestState state;
        uint256 pending;
        uint256 claimable;
        uint256 readyAt;
        uint256 ahead;
        bool cancellable;
    }

    /// @notice What a controller has in a vault.
    /// @param redeemsFor What the shares held would pay now, were a redemption of them processed in full.
    /// @param maxMint Claimable shares, `maxDeposit` the assets behind them; `maxWithdraw` and `maxRedeem` the other way.
    struct ControllerView {
        BlockRead readAt;
        uint256 shares;
        uint256 redeemsFor;
        uint256 maxDeposit;
        uint256 maxMint;
        uint256 maxWithdraw;
        uint256 maxRedeem;
        RequestView[] deposits;
        RequestView[] redemptions;
        bytes valueError;
    }

    /// @notice What ERC-4626 calls previews, which revert for requests as ERC-7540 has it: at the present marks, were the
    /// request processed now. The marks move until it is.
    /// @param refusal Empty, or why there is no estimate.
    struct Estimate {
        uint256 shares;
        uint256 assets;
        bytes refusal;
    }

    function vault(address vault_) external view returns (VaultView memory);

    /// @notice Shares held, claims, and the requests named.
    function controller(
        address vault_,
        address controller_,
        uint256[] calldata depositIds,
        uint256[] calldata redemptionIds
    ) external view returns (ControllerView memory);

    /// @notice Shares for a deposit of `assets`.
    function estimateDeposit(address vault_, uint256 assets) external view returns (Estimate memory);

    /// @notice Assets for a redemption of `shares`, paid as far as there are idle assets.
    function estimateRedeem(address vault_, uint256 shares) external view returns (Estimate memory);
}
