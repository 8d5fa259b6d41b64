// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ORIGINAL} from "../../interfaces/lens/ISimulator.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title StandIn
/// @notice Answers for an account whose code was replaced, as the account would have.
/// @dev With its own code at `ORIGINAL` everything is passed on to that. Without, it was an account without code: calls to it
/// succeed, tokens that ask a receiver with code are told yes, and its key signs for it.
abstract contract StandIn {
    receive() external payable {
        _answer();
    }

    fallback() external payable {
        _answer();
    }

    // Nothing comes after: the account's own answer ends the call.
    // slither-disable-next-line incorrect-return
    function _answer() internal {
        if (ORIGINAL.code.length != 0) {
            address original = ORIGINAL;
            assembly ("memory-safe") {
                let free := mload(0x40)
                calldatacopy(free, 0, calldatasize())
                let ok := delegatecall(gas(), original, free, calldatasize(), 0, 0)
                returndatacopy(free, 0, returndatasize())
                if iszero(ok) { revert(free, returndatasize()) }
                return(free, returndatasize())
            }
        }
        bytes4 selector = msg.sig;
        if (
            selector == IERC1155Receiver.onERC1155Received.selector
                || selector == IERC1155Receiver.onERC1155BatchReceived.selector
                || selector == IERC721Receiver.onERC721Received.selector
        ) _return(selector);
        if (selector == IERC1271.isValidSignature.selector) _return(_signed() ? selector : bytes4(0xffffffff));
        // Never back to who asked: whatever is called on an account without code succeeds and does nothing.
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    function _signed() private view returns (bool) {
        (bytes32 hash, bytes memory signature) = abi.decode(msg.data[4:], (bytes32, bytes));
        (address signer, ECDSA.RecoverError error_,) = ECDSA.tryRecover(hash, signature);
        return error_ == ECDSA.RecoverError.NoError && signer == address(this);
    }

    function _return(bytes4 value) private pure {
        assembly ("memory-safe") {
            mstore(0, value)
            return(0, 32)
        }
    }
}
