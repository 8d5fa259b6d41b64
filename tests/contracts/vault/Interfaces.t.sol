// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    IERC7540Deposit,
    IERC7540Operator,
    IERC7540Redeem,
    IERC7575Share
} from "../../../contracts/interfaces/IAsyncVault.sol";
import {VaultFixture} from "./VaultFixture.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice The ERC-165 ids of a vault: the published numbers, and that they are the selectors of what it has.
contract InterfacesTest is VaultFixture {
    bytes4 private constant OPERATOR = 0xe3bc4e65;
    bytes4 private constant DEPOSIT = 0xce3bbe50;
    bytes4 private constant REDEEM = 0x620ee8e4;
    bytes4 private constant VAULT = 0x2f0a18c5;
    bytes4 private constant SHARE = 0xf815c03d;

    function test_theIdsAreThoseOfTheFunctions() public pure {
        assertEq(bytes32(type(IERC7540Operator).interfaceId), bytes32(OPERATOR));
        assertEq(bytes32(type(IERC7540Deposit).interfaceId), bytes32(DEPOSIT));
        assertEq(bytes32(type(IERC7540Redeem).interfaceId), bytes32(REDEEM));
        assertEq(bytes32(type(IERC7575Share).interfaceId), bytes32(SHARE));
        // ERC-7575's vault: everything of ERC-4626 that is not the share token's own, and share()
        bytes4 vaults = IERC4626.asset.selector ^ IERC4626.totalAssets.selector ^ IERC4626.convertToShares.selector
            ^ IERC4626.convertToAssets.selector ^ IERC4626.maxDeposit.selector ^ IERC4626.previewDeposit.selector
            ^ IERC4626.deposit.selector ^ IERC4626.maxMint.selector ^ IERC4626.previewMint.selector
            ^ IERC4626.mint.selector ^ IERC4626.maxWithdraw.selector ^ IERC4626.previewWithdraw.selector
            ^ IERC4626.withdraw.selector ^ IERC4626.maxRedeem.selector ^ IERC4626.previewRedeem.selector
            ^ IERC4626.redeem.selector ^ bytes4(keccak256("share()"));
        assertEq(bytes32(vaults), bytes32(VAULT));
    }

    function test_saysWhatItSupports() public view {
        bytes4[6] memory ids = [type(IERC165).interfaceId, OPERATOR, DEPOSIT, REDEEM, VAULT, SHARE];
        for (uint256 i; i < 6; ++i) {
            assertTrue(calls.supportsInterface(ids[i]));
        }
        assertFalse(calls.supportsInterface(0xffffffff));
        // an ERC-1155 receiver it is not: option tokens bounce
        assertFalse(calls.supportsInterface(0x4e2312e0));
    }

    function test_shareAndVaultAreOne() public view {
        assertEq(calls.share(), address(calls));
        assertEq(IERC7575Share(address(calls)).vault(address(weth)), address(calls));
        assertEq(IERC7575Share(address(calls)).vault(address(usdc)), address(0));
    }
}
