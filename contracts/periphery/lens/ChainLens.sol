// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../interfaces/IMarkets.sol";
import {IOptionVault} from "../../interfaces/IOptionVault.sol";
import {IVolatilityOracle} from "../../interfaces/IVolatilityOracle.sol";
import {IChainLens} from "../../interfaces/lens/IChainLens.sol";
import {Greeks} from "../../libraries/Greeks.sol";
import {OptionPricing} from "../../libraries/OptionPricing.sol";
import {Payoff} from "../../libraries/Payoff.sol";
import {BookKeyLib, SeriesId, Side} from "../../libraries/SeriesId.sol";
import {CappedCall} from "./CappedCall.sol";
import {LensReader} from "./LensReader.sol";

/// @title ChainLens
/// @notice The chain of an expiry: quotes, marks and greeks of every listed series.
contract ChainLens is IChainLens, LensReader {
    /// @dev A feed that eats its gas spends no more than this.
    uint256 private constant FEED_GAS = 500_000;
    /// @dev A quote marks the vault's whole book: at most 64 series with both guarded sides.
    uint256 private constant QUOTE_GAS = 4_000_000;
    uint256 private constant QUOTE_LENGTH = 12 * 32;

    IVolatilityOracle public immutable volatilityOracle;

    constructor(address clearinghouse_, address volatilityOracle_) LensReader(clearinghouse_) {
        volatilityOracle = IVolatilityOracle(volatilityOracle_);
    }

    /// @inheritdoc IChainLens
    function chain(ChainQuery calldata query) external view returns (ChainView memory v) {
        v.readAt = _now();
        v.writesPaused = clearinghouse.writesPaused();
        v.halted = volatilityOracle.isHalted(query.market, query.expiry);
        (v.settlementPrice,) = markets.settlement(query.market, query.expiry);
        _readSpot(v, query);
        _readSlice(v, query);

        uint64[] memory calls = markets.strikes(BookKeyLib.pack(query.market, Side.CALL, query.expiry));
        uint64[] memory puts = markets.strikes(BookKeyLib.pack(query.market, Side.PUT, query.expiry));
        v.seriesCount = calls.length + puts.length;
        uint256 left = query.from < v.seriesCount ? v.seriesCount - query.from : 0;
        uint256 count = query.limit < left ? query.limit : left;
        v.series = new SeriesView[](count);
        uint256 done;
        for (; done < count && gasleft() > RESERVE_GAS + 2 * QUOTE_GAS; ++done) {
            uint256 number = query.from + done;
            v.series[done] = number < calls.length
                ? _series(v, query, Side.CALL, calls[number])
                : _series(v, query, Side.PUT, puts[number - calls.length]);
        }
        if (done < left) v.next = query.from + done;
        if (done < count) _shorten(v.series, done);
    }

    /// @inheritdoc IChainLens
    function greeks(
        uint256 spot,
        uint256 strike,
        Side side,
        IVolatilityOracle.Slice calldata slice,
        uint40 expiry,
        uint256 timestamp
    ) external pure returns (Greeks.Result memory) {
        return Greeks.compute(spot, strike, side, slice, expiry, timestamp);
    }

    function _readSpot(ChainView memory v, ChainQuery calldata query) private view {
        (bool ok, bytes memory answer) = CappedCall.view_(
            address(markets), FEED_GAS, abi.encodeCall(IMarkets.spot, (query.market, query.expiry)), 64
        );
        if (ok) (v.spot, v.spotUpdatedAt) = abi.decode(answer, (uint256, uint256));
        else v.spotError = _named(answer);
    }

    function _readSlice(ChainView memory v, ChainQuery calldata query) private view {
        v.slice = volatilityOracle.slice(query.market, query.expiry);
        try volatilityOracle.freshSlices(query.market, query.expiry) {}
        catch (bytes memory reason) {
            v.sliceError = reason;
            return;
        }
        // No spot was read: a price, not a balance.
        // slither-disable-next-line incorrect-equality
        if (v.spot == 0) return;
        uint256 end = block.timestamp + OptionPricing.AVERAGING_SECONDS;
        (v.forward,) = OptionPricing.forwardOf(v.spot, v.slice.carry, query.expiry > end ? query.expiry - end : 0);
    }

    function _series(ChainView memory v, ChainQuery calldata query, Side side, uint64 strike)
        private
        view
        returns (SeriesView memory s)
    {
        s.series = BookKeyLib.pack(query.market, side, query.expiry).series(strike);
        s.strike = s.series.strikeWad();
        s.supply = optionToken.totalSupply(SeriesId.unwrap(s.series));
        _mark(s, v, side, query.expiry);
        address vault = side == Side.CALL ? query.callVault : query.putVault;
        if (vault.code.length == 0) return s;
        IOptionVault.Quote memory quote;
        (quote, s.askError) = _quote(vault, abi.encodeCall(IOptionVault.quoteBuy, (s.series, query.amount)));
        (s.ask, s.askFee) = (quote.total, quote.fee);
        (quote, s.bidError) = _quote(vault, abi.encodeCall(IOptionVault.quoteSell, (s.series, query.amount)));
        s.bid = quote.total;
    }

    function _mark(SeriesView memory s, ChainView memory v, Side side, uint40 expiry) private view {
        if (v.settlementPrice != 0) {
            s.mark.value = Payoff.payoffDown(side, s.strike, v.settlementPrice, 1e18, 1);
        } else if (expiry <= block.timestamp) {
            s.markError = abi.encodeWithSelector(IMarkets.NotSettled.selector, s.series.market(), expiry);
            // As above.
            // slither-disable-next-line incorrect-equality
        } else if (v.spot == 0) {
            s.markError = v.spotError;
        } else if (v.sliceError.length != 0) {
            s.markError = v.sliceError;
        } else {
            // A strike beyond the arithmetic reverts: through a call of its own, so that the others are marked.
            try this.greeks(v.spot, s.strike, side, v.slice, expiry, block.timestamp) returns (
                Greeks.Result memory mark
            ) {
                s.mark = mark;
            } catch (bytes memory reason) {
                s.markError = _named(reason);
            }
        }
    }

    function _quote(address vault, bytes memory data)
        private
        view
        returns (IOptionVault.Quote memory quote, bytes memory refusal_)
    {
        (bool ok, bytes memory answer) = CappedCall.view_(vault, QUOTE_GAS, data, QUOTE_LENGTH);
        if (!ok || answer.length != QUOTE_LENGTH) return (quote, _named(ok ? bytes("") : answer));
        quote = abi.decode(answer, (IOptionVault.Quote));
    }

    /// @dev An error is never empty: what failed without a word is said to have no answer.
    function _named(bytes memory reason) private pure returns (bytes memory) {
        return reason.length != 0 ? reason : abi.encodeWithSelector(NoAnswer.selector);
    }

    function _shorten(SeriesView[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }
}
