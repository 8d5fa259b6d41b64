// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @notice An account with code whose signatures are as it is told: of one key, or one of several mischiefs.
contract Wallet is ERC1155Holder {
    enum Mood {
        HONEST,
        REVERTS,
        BURNS,
        GARBAGE,
        SHORT,
        LONG,
        REENTERS
    }

    address private _owner;
    Mood private _mood;
    address private _target;
    bytes private _data;

    function setUp(address house, address exchange, address owner) external {
        IClearinghouse(house).setOperator(exchange, 1);
        _owner = owner;
    }

    function become(Mood mood) external {
        _mood = mood;
    }

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes32 magic = bytes32(this.isValidSignature.selector);
        Mood mood = _mood;
        if (mood == Mood.REVERTS) revert("no");
        if (mood == Mood.BURNS) while (true) {}
        if (mood == Mood.GARBAGE) magic = keccak256("garbage");
        if (mood == Mood.SHORT) {
            assembly ("memory-safe") {
                mstore(0, magic)
                return(0, 4)
            }
        }
        if (mood == Mood.LONG) {
            assembly ("memory-safe") {
                mstore(0x80, magic)
                return(0x80, 100000)
            }
        }
        if (mood == Mood.REENTERS) {
            (bool done,) = _target.staticcall(_data);
            require(done, "did not get in");
        }
        if (mood == Mood.HONEST || mood == Mood.REENTERS) {
            (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature[:32]), bytes32(signature[32:64]), uint8(signature[64]));
            if (ecrecover(hash, v, r, s) != _owner) return 0xffffffff;
        }
        assembly ("memory-safe") {
            mstore(0, magic)
            return(0, 32)
        }
    }
}
