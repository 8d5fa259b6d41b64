// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7575Share, IERC7575Vault} from "../interfaces/IAsyncVault.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {RequestQueue} from "../libraries/RequestQueue.sol";
import {VaultRequests} from "./VaultRequests.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title VaultShares
/// @notice The share token's ERC-4626 face: claims of processed requests, and estimates.
/// @dev As ERC-7540 has it, deposit and mint, redeem and withdraw claim what was processed, the limits are what can be
/// claimed, and previews revert.
abstract contract VaultShares is VaultRequests, IERC7575Vault, IERC7575Share, IERC165 {
    using FixedPointMathLib for uint256;
    using RequestQueue for RequestQueue.Queue;

    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    // --- claims ---

    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        return deposit(assets, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function deposit(uint256 assets, address receiver, address controller)
        public
        nonReentrant
        returns (uint256 shares)
    {
        _authorise(controller);
        shares = _deposits.sharesOf(controller, assets, false);
        _claimDeposit(controller, assets, shares, receiver);
        emit Deposit(controller, receiver, assets, shares);
    }

    function mint(uint256 shares, address receiver) external returns (uint256 assets) {
        return mint(shares, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function mint(uint256 shares, address receiver, address controller) public nonReentrant returns (uint256 assets) {
        _authorise(controller);
        assets = _deposits.assetsOf(controller, shares, true);
        _claimDeposit(controller, assets, shares, receiver);
        emit Deposit(controller, receiver, assets, shares);
    }

    /// @notice Claims `shares` of processed redemptions.
    function redeem(uint256 shares, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 assets)
    {
        _authorise(controller);
        assets = _redemptions.assetsOf(controller, shares, false);
        _claimRedemption(controller, assets, shares, receiver);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
    }

    /// @notice Claims `assets` of processed redemptions.
    function withdraw(uint256 assets, address receiver, address controller)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _authorise(controller);
        shares = _redemptions.sharesOf(controller, assets, true);
        _claimRedemption(controller, assets, shares, receiver);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
    }

    /// @inheritdoc IOptionVault
    function request(bool redemption, uint256 requestId)
        external
        view
        returns (address controller, uint256 readyAt, uint256 pending, uint256 filled, uint256 head)
    {
        RequestQueue.Queue storage queue = redemption ? _redemptions : _deposits;
        RequestQueue.Request storage r = queue.requests[requestId];
        return (r.controller, r.readyAt, r.pending, r.filled, queue.head);
    }

    function maxDeposit(address controller) external view returns (uint256) {
        return _deposits.claims[controller].assets;
    }

    function maxMint(address controller) external view returns (uint256) {
        return _deposits.claims[controller].shares;
    }

    function maxRedeem(address controller) external view returns (uint256) {
        return _redemptions.claims[controller].shares;
    }

    function maxWithdraw(address controller) external view returns (uint256) {
        return _redemptions.claims[controller].assets;
    }

    // --- value ---

    /// @notice Net assets as leavers leave: what the shares are worth at least.
    function totalAssets() external view returns (uint256) {
        return _netAssets(_mark().leaving);
    }

    /// @notice Shares that a deposit would get if it were processed now.
    function convertToShares(uint256 assets) external view returns (uint256) {
        return _sharesFor(assets, _netAssets(_mark().entering));
    }

    /// @notice Assets that a redemption would get if it were processed now in full.
    function convertToAssets(uint256 shares) external view returns (uint256) {
        return _assetsFor(shares, _netAssets(_mark().leaving));
    }

    function previewDeposit(uint256) external pure returns (uint256) {
        revert AsynchronousPreview();
    }

    function previewMint(uint256) external pure returns (uint256) {
        revert AsynchronousPreview();
    }

    function previewRedeem(uint256) external pure returns (uint256) {
        revert AsynchronousPreview();
    }

    function previewWithdraw(uint256) external pure returns (uint256) {
        revert AsynchronousPreview();
    }

    // --- what it is ---

    /// @inheritdoc IERC7575Vault
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc IERC7575Share
    function vault(address asset_) external view returns (address) {
        return asset_ == asset ? address(this) : address(0);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == 0xe3bc4e65 // operators
            || interfaceId == 0xce3bbe50 // asynchronous deposits
            || interfaceId == 0x620ee8e4 // asynchronous redemptions
            || interfaceId == 0x2f0a18c5 // ERC-7575: a whole ERC-4626 vault with share()
            || interfaceId == type(IERC7575Share).interfaceId;
    }
}
