// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {BookKeyLib, SeriesId, Side} from "./SeriesId.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice How a trade of the Exchange is paid and delivered in the Clearinghouse.
library TradeSettlement {
    /// @dev A trade between its pricing and its settlement; what stands in `Traded` goes by its name there.
    /// @param payee Who gets the seller's proceeds.
    /// @param receiver Who gets the contracts.
    /// @param buyerCloses Whether the buyer's written contracts are closed first.
    /// @param sellerWrites Whether the seller writes what it does not hold.
    /// @param inQuote Whether the premium token is the market's quote.
    /// @param proceeds What the seller gets.
    struct Trade {
        SeriesId series;
        address buyer;
        address seller;
        address payee;
        address receiver;
        address caller;
        IExchange.Taker taker;
        bool buyerCloses;
        bool sellerWrites;
        bool inQuote;
        address premiumToken;
        uint256 amount;
        uint256 premium;
        uint256 proceeds;
        uint256 fee;
        uint256 callerFee;
        uint256 spot;
    }

    /// @notice Money first, which may pay for a writer's collateral, then contracts. The buyer pays all: the seller, the
    /// caller's share of a match, and the rest of the fee. Nothing passes through the Exchange.
    function settle(Trade memory t, IClearinghouse house, IOptionToken optionToken) internal {
        emit IExchange.Traded(
            t.series,
            t.buyer,
            t.seller,
            t.caller,
            t.taker,
            t.premiumToken,
            t.amount,
            t.premium,
            t.fee,
            t.callerFee,
            t.spot
        );
        if (t.proceeds != 0) house.pay(t.buyer, t.payee, t.premiumToken, t.proceeds);
        if (t.callerFee != 0) house.pay(t.buyer, t.caller, t.premiumToken, t.callerFee);
        uint256 toPot = t.fee - t.callerFee;
        if (toPot != 0) {
            Side side = t.inQuote ? Side.PUT : Side.CALL;
            house.accrueFeeFor(t.buyer, BookKeyLib.pack(t.series.market(), side, t.series.expiry()), toPot);
        }
        _deliver(t, house, optionToken);
    }

    /// @dev From what the seller holds as far as it goes, then newly written; first into what the buyer has written, as far
    /// as that goes, then to the receiver.
    function _deliver(Trade memory t, IClearinghouse house, IOptionToken optionToken) private {
        uint256 held = _held(t, optionToken);
        uint256 written = t.amount - held;
        uint256 closing = _closing(t, house);

        uint256 direct = FixedPointMathLib.min(held, closing);
        if (direct != 0) house.close(t.buyer, t.series, direct, t.seller);
        if (held != direct) {
            optionToken.safeTransferFrom(t.seller, t.receiver, SeriesId.unwrap(t.series), held - direct, "");
        }
        uint256 through = closing - direct;
        if (through != 0) {
            house.write(t.seller, t.series, through, t.buyer);
            house.close(t.buyer, t.series, through, t.buyer);
        }
        if (written != through) house.write(t.seller, t.series, written - through, t.receiver);
    }

    /// @dev What the seller delivers from its wallet. Tokens that the Exchange is not approved for do not count where the
    /// seller may write: anybody could send it a grain, and stop its orders.
    function _held(Trade memory t, IOptionToken optionToken) private view returns (uint256) {
        if (!t.sellerWrites) return t.amount;
        if (!optionToken.isApprovedForAll(t.seller, address(this))) return 0;
        return FixedPointMathLib.min(t.amount, optionToken.balanceOf(t.seller, SeriesId.unwrap(t.series)));
    }

    /// @dev What goes into the buyer's written leg.
    function _closing(Trade memory t, IClearinghouse house) private view returns (uint256) {
        if (!t.buyerCloses) return 0;
        int256 leg = house.leg(t.buyer, t.series);
        return leg < 0 ? FixedPointMathLib.min(t.amount, uint256(-leg)) : 0;
    }
}
