// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../interfaces/IExchange.sol";
import {IOptionVault} from "../../interfaces/IOptionVault.sol";
import {ISimulator} from "../../interfaces/lens/ISimulator.sol";
import {SeriesId} from "../../libraries/SeriesId.sol";
import {CappedCall} from "./CappedCall.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title SimulatedCost
/// @notice Premium and fee of a trade, from what the trade itself answered.
/// @dev A vault answers with the sum; its fee is that of its quote just before. The Exchange answers with all three.
library SimulatedCost {
    uint256 private constant QUOTE_GAS = 4_000_000;
    uint256 private constant QUOTE_LENGTH = 12 * 32;

    /// @notice The fee that a call to a vault is about to pay; zero for every other.
    function feeOf(ISimulator.Call calldata c) internal view returns (uint256) {
        if (_selector(c) != IOptionVault.buy.selector || c.data.length < 68) return 0;
        (SeriesId series, uint256 amount) = abi.decode(c.data[4:68], (SeriesId, uint256));
        (bool ok, bytes memory answer) =
            CappedCall.view_(c.target, QUOTE_GAS, abi.encodeCall(IOptionVault.quoteBuy, (series, amount)), QUOTE_LENGTH);
        return ok && answer.length == QUOTE_LENGTH ? abi.decode(answer, (IOptionVault.Quote)).fee : 0;
    }

    /// @notice What a call that went through came to.
    /// @param fee As `feeOf` said before it.
    function costOf(ISimulator.Call calldata c, bytes memory answer, uint256 fee)
        internal
        view
        returns (ISimulator.Cost memory cost)
    {
        bytes4 selector = _selector(c);
        if (selector == IOptionVault.buy.selector || selector == IOptionVault.sell.selector) {
            if (answer.length != 32) return cost;
            uint256 total = abi.decode(answer, (uint256));
            if (fee > total) fee = 0;
            cost = ISimulator.Cost(_assetOf(c.target), total - fee, fee);
        } else if (selector == IExchange.fill.selector && answer.length == 96) {
            IExchange.Fill memory f = abi.decode(answer, (IExchange.Fill));
            (IExchange.Order memory order,,) = abi.decode(c.data[4:], (IExchange.Order, bytes, IExchange.Take));
            cost = ISimulator.Cost(order.premiumToken, f.premium, f.fee);
        } else if (selector == IExchange.fillMany.selector && answer.length >= 160) {
            return _costOfMany(c, answer);
        }
    }

    /// @dev The sum of a batch's fills in the first one's token; others are left to the balances.
    function _costOfMany(ISimulator.Call calldata c, bytes memory answer)
        private
        pure
        returns (ISimulator.Cost memory cost)
    {
        (IExchange.Item[] memory items,) = abi.decode(c.data[4:], (IExchange.Item[], uint256));
        (IExchange.Fill[] memory fills,) = abi.decode(answer, (IExchange.Fill[], bytes4[]));
        for (uint256 i; i < fills.length && i < items.length; ++i) {
            if (fills[i].amount == 0) continue;
            address token = items[i].order.premiumToken;
            if (cost.token == address(0)) cost.token = token;
            if (token != cost.token) continue;
            cost.premium += fills[i].premium;
            cost.fee += fills[i].fee;
        }
    }

    function _assetOf(address vault) private view returns (address) {
        (bool readable, uint256 value) = CappedCall.word(vault, abi.encodeCall(IERC4626.asset, ()));
        return readable ? address(uint160(value)) : address(0);
    }

    function _selector(ISimulator.Call calldata c) private pure returns (bytes4) {
        return c.data.length < 4 ? bytes4(0) : bytes4(c.data[:4]);
    }
}
