// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../interfaces/IExchange.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {LibCall} from "solady/utils/LibCall.sol";

/// @notice What a maker signs, and whether it did.
library SignedOrder {
    /// @notice The gas that an ERC-1271 account may use, whatever the caller has: enough for a passkey checked in Solidity.
    uint256 internal constant SIGNATURE_GAS = 400_000;

    bytes32 internal constant TYPEHASH = keccak256(
        "Order(address maker,address taker,uint256 series,bool isBuy,bool useBook,uint8 kind,address premiumToken,uint128 amount,uint128 limit,uint40 deadline,uint64 nonce,uint128 minPremium,uint128 maxPremium,uint128 minSpot,uint128 maxSpot,uint32 maxFeedAge,bool storedCarry,int40 minCarry,int40 maxCarry,uint64 spotEdge)"
    );

    /// @dev What the encoding of a call's struct leaves for the assembly below: twenty words.
    uint256 private constant ORDER_BYTES = 0x280;

    /// @notice The EIP-712 hash of the struct.
    /// @dev Its fields are whole words in the call data, as typed data wants them. Unclean ones hash to something that
    /// nobody signed, or are refused by the compiler's own check where they are read.
    function structHash(IExchange.Order calldata order) internal pure returns (bytes32 hash) {
        bytes32 typeHash = TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40) // beyond the free memory: it stays free
            mstore(start, typeHash)
            calldatacopy(add(start, 0x20), order, ORDER_BYTES)
            hash := keccak256(start, add(ORDER_BYTES, 0x20))
        }
    }

    /// @notice Reverts unless `maker` signed `digest`: with its key, or by ERC-1271.
    /// @dev The key counts for accounts with code as well: under EIP-7702 it is still the account's master. Signatures with
    /// a high s are refused, though a second form of one would open nothing: what is filled is kept by nonce.
    /// An ERC-1271 account can write nothing (a static call), answer no more than a word, and use no more than its gas; and
    /// who calls with less than that much gas is told so, instead of being told that the signature is bad.
    function requireSigned(address maker, bytes32 digest, bytes calldata signature) internal view {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && signer == maker) return;
        if (maker.code.length == 0) revert IExchange.BadSignature(maker);

        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        requireGas(SIGNATURE_GAS);
        (bool answered,, bytes memory answer) = LibCall.tryStaticCall(maker, SIGNATURE_GAS, 32, question);
        if (!answered || answer.length != 32 || bytes32(answer) != bytes32(IERC1271.isValidSignature.selector)) {
            revert IExchange.BadSignature(maker);
        }
    }

    /// @notice Reverts unless a call can be given this much gas now: a call gets at most 63/64 of what is left.
    function requireGas(uint256 needed) internal view {
        uint256 left = gasleft();
        // 5,000 cover what the call itself costs before it begins, a cold account included.
        if (left - left / 64 < needed + 5000) revert IExchange.NotEnoughGas(left, needed);
    }
}
