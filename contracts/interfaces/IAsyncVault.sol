// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Operators of ERC-7540: who may request and claim for a controller or an owner. ERC-165 id 0xe3bc4e65.
interface IERC7540Operator {
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    function setOperator(address operator, bool approved) external returns (bool);
    function isOperator(address controller, address operator) external view returns (bool status);
}

/// @notice Asynchronous deposits of ERC-7540. ERC-165 id 0xce3bbe50.
interface IERC7540Deposit {
    event DepositRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 assets
    );

    function requestDeposit(uint256 assets, address controller, address owner) external returns (uint256 requestId);
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 pendingAssets);
    function claimableDepositRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 claimableAssets);
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares);
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets);
}

/// @notice Asynchronous redemptions of ERC-7540. ERC-165 id 0x620ee8e4.
interface IERC7540Redeem {
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );

    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 pendingShares);
    function claimableRedeemRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 claimableShares);
}

/// @notice The share token of a vault (ERC-7575). ERC-165 id 0x2f0a18c5 for a vault that has all of ERC-4626 besides.
interface IERC7575Vault {
    function share() external view returns (address);
}

/// @notice The other way round, asked of the share token: the vault of an asset, or zero (ERC-7575). ERC-165 id 0xf815c03d.
interface IERC7575Share {
    function vault(address asset) external view returns (address);
}
