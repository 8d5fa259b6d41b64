// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../interfaces/IExchange.sol";
import {SignedOrder} from "../libraries/SignedOrder.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title ExchangeOrders
/// @notice Which orders stand, how much is left of each, and how a maker takes them back.
abstract contract ExchangeOrders is IExchange, EIP712 {
    /// @notice Option amounts are multiples of this: 1e-8 contracts, as in the Clearinghouse.
    uint256 public constant AMOUNT_UNIT = 1e10;

    uint256 private constant CANCELLED = 1 << 255;

    /// @inheritdoc IExchange
    mapping(address maker => uint64) public nonceFloor;

    /// @dev From the low end: 128 bits of the hash of the order that was filled, 127 of what was filled, the cancellation.
    /// Two orders of one nonce whose hashes share 128 bits are one maker's own work, and fill one amount between them.
    mapping(address maker => mapping(uint64 nonce => uint256)) private _states;

    /// @dev An order that stands.
    struct Standing {
        bytes32 hash;
        uint256 state;
        uint256 left;
    }

    constructor() EIP712("Optionix Exchange", "1") {}

    /// @inheritdoc IExchange
    function hashOrder(Order calldata order) external view returns (bytes32) {
        return _hashOrder(_shared(order));
    }

    /// @inheritdoc IExchange
    function cancel(uint64 nonce) external {
        _states[msg.sender][nonce] |= CANCELLED;
        emit OrderCancelled(msg.sender, nonce);
    }

    /// @inheritdoc IExchange
    function cancelBelow(uint64 floor) external {
        uint64 present = nonceFloor[msg.sender];
        if (floor <= present) revert FloorNotRaised(floor, present);
        nonceFloor[msg.sender] = floor;
        emit NonceFloorSet(msg.sender, floor);
    }

    /// @inheritdoc IExchange
    function remaining(Order calldata order) external view returns (uint256) {
        return _remaining(_shared(order));
    }

    /// @inheritdoc IExchange
    function nonceState(address maker, uint64 nonce)
        external
        view
        returns (uint256 filled, uint128 boundHash, bool cancelled)
    {
        uint256 state = _states[maker][nonce];
        // The high bits are cut off on purpose.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (_filled(state), uint128(state), state & CANCELLED != 0);
    }

    // --- inside ---

    /// @dev The same order, where the optimiser cannot see that its place in the call data is fixed: knowing that, it would
    /// make a copy of all that follows for each function that takes one, and the contract would not fit.
    function _shared(Order calldata order) internal pure returns (Order calldata same) {
        assembly ("memory-safe") {
            same := add(order, iszero(calldatasize())) // plus nothing: there is call data
        }
    }

    function _hashOrder(Order calldata order) private view returns (bytes32) {
        return _hashTypedDataV4(SignedOrder.structHash(order));
    }

    function _remaining(Order calldata order) internal view returns (uint256) {
        uint256 state = _states[order.maker][order.nonce];
        if (
            order.nonce < nonceFloor[order.maker] || state & CANCELLED != 0
                || (state != 0 && uint128(state) != uint128(uint256(_hashOrder(order))))
        ) return 0;
        return _left(order.amount, state);
    }

    /// @dev Reverts where time has run out: for the order, or for its series.
    function _requireInTime(Order calldata order) internal view {
        if (block.timestamp > order.deadline) revert DeadlinePassed(order.deadline, block.timestamp);
        if (block.timestamp >= order.series.expiry()) revert SeriesExpired(order.series);
    }

    /// @dev Reverts unless the order stands: in time, not cancelled, the only one of its nonce.
    function _standing(Order calldata order) internal view returns (Standing memory s) {
        _requireInTime(order);
        uint64 floor = nonceFloor[order.maker];
        if (order.nonce < floor) revert NonceBelowFloor(order.nonce, floor);
        s.hash = _hashOrder(order);
        s.state = _states[order.maker][order.nonce];
        if (s.state & CANCELLED != 0) revert NonceCancelled(order.maker, order.nonce);
        if (s.state != 0 && uint128(s.state) != uint128(uint256(s.hash))) {
            revert NonceBound(order.maker, order.nonce, uint128(s.state));
        }
        s.left = _left(order.amount, s.state);
    }

    /// @dev Takes `amount` of what is left, if the maker signed the order.
    function _consume(Order calldata order, bytes calldata signature, Standing memory s, uint256 amount) internal {
        if (amount == 0 || amount % AMOUNT_UNIT != 0) revert BadAmount(amount);
        SignedOrder.requireSigned(order.maker, s.hash, signature);
        uint256 filled = _filled(s.state) + amount;
        // What is filled is at most what is ordered; `_standing` keeps that below 2^127.
        _states[order.maker][order.nonce] = filled << 128 | uint128(uint256(s.hash));
        emit OrderFilled(order.maker, order.nonce, s.hash, amount, filled);
    }

    function _left(uint256 amount, uint256 state) private pure returns (uint256) {
        uint256 filled = _filled(state);
        if (amount >> 127 != 0 || amount <= filled) return 0;
        unchecked {
            // filled < amount
            return amount - filled;
        }
    }

    function _filled(uint256 state) private pure returns (uint256) {
        return (state & ~CANCELLED) >> 128;
    }
}
