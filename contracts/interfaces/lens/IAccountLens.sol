// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey, SeriesId} from "../../libraries/SeriesId.sol";
import {IClearinghouse} from "../IClearinghouse.sol";
import {BlockRead} from "./BlockRead.sol";

/// @notice What an account has, and what its books would require after a trade.
interface IAccountLens {
    /// @param readable Whether the token answered; wallet and allowance are zero where it did not.
    /// @param wallet In the account's own hands, token units.
    /// @param allowance What the Clearinghouse may draw from there.
    /// @param free Free balance in the Clearinghouse.
    struct Balance {
        address token;
        bool readable;
        uint256 wallet;
        uint256 allowance;
        uint256 free;
    }

    /// @notice One series of a position.
    /// @param booked In the account's book, WAD: negative written, positive placed.
    /// @param held Option tokens, WAD.
    /// @param payoff What the tokens held redeem for, token units; zero before settlement.
    struct Holding {
        SeriesId series;
        int256 booked;
        uint256 held;
        uint256 payoff;
    }

    /// @notice All of an account in one (market, side, expiry). Token units of the settlement asset.
    /// @param locked Collateral locked for the book.
    /// @param required What the rule of solvency asks of the book: its own worst loss, rounded up.
    /// @param worstLoss The most that the book and the tokens held can come to owe together.
    /// @param worstPrice The settlement price (WAD) where they are worth least; the largest word while it rises without
    /// limit.
    /// @param settlementPrice WAD; zero before settlement.
    /// @param settlementCredit What settling the book would credit now; zero before the price is known.
    struct Position {
        BookKey key;
        IClearinghouse.BookKind kind;
        uint256 locked;
        uint256 required;
        uint256 worstLoss;
        uint256 worstPrice;
        uint256 settlementPrice;
        uint256 settlementCredit;
        Holding[] holdings;
    }

    /// @param native The account's own coins, wei.
    /// @param positions Of every listed expiry looked at, where there is anything.
    /// @param next The number of the expiry to begin the next call with; zero when this was the last.
    struct AccountView {
        BlockRead readAt;
        uint256 native;
        bool redeemForAllowed;
        Balance base;
        Balance quote;
        Position[] positions;
        uint256 next;
    }

    /// @notice A book after changes. Token units.
    /// @param netted Whether the book would be a netted one.
    /// @param mustNet Whether it is plain now and these changes need `net` first.
    /// @param difference What would move from the free balance into the book; negative for what is released.
    /// @param worstLoss The book's worst loss over every settlement price.
    /// @param worstPrice Where it occurs, as of `Position`.
    /// @param refusal Empty, or what the first action that fails would revert with.
    struct BookAfter {
        bool netted;
        bool mustNet;
        uint256 requiredBefore;
        uint256 requiredAfter;
        int256 difference;
        uint256 free;
        uint256 worstLoss;
        uint256 worstPrice;
        IClearinghouse.Leg[] legs;
        bytes refusal;
    }

    /// @notice What to look at before and after.
    /// @param tokens Balances in hand, allowed to the Clearinghouse, and free.
    /// @param books Positions: books and option tokens.
    /// @param vaults Shares and claims.
    struct Watch {
        address[] tokens;
        BookKey[] books;
        address[] vaults;
    }

    /// @notice An account in one vault. Waiting requests are the vault's sums, so their change is the account's.
    /// @param value What the shares would pay, were they redeemed now in full; zero where it cannot be said.
    struct Stake {
        address vault;
        uint256 shares;
        uint256 value;
        uint256 claimableShares;
        uint256 claimableAssets;
        uint256 pendingAssets;
        uint256 pendingShares;
    }

    /// @param native The account's coins, wei.
    /// @param feePots What the pot of each book's expiry holds.
    struct Snapshot {
        uint256 native;
        Balance[] balances;
        Position[] positions;
        uint256[] feePots;
        Stake[] stakes;
    }

    /// @notice Balances, and the account's positions in `limit` listed expiries of a market, from number `from` on.
    function account(address account_, uint16 market, uint256 from, uint256 limit)
        external
        view
        returns (AccountView memory);

    /// @notice An account's balances of tokens, whether listed or not.
    function balances(address account_, address[] calldata tokens) external view returns (Balance[] memory);

    /// @notice Everything watched, as it is now. The tokens of books are watched without being named.
    function snapshot(address account_, Watch calldata watch) external view returns (Snapshot memory);

    /// @notice One position: book and tokens held.
    function position(address account_, BookKey key) external view returns (Position memory);

    /// @notice What a book would require after changes to its legs, one after the other.
    /// @param changes Negative amounts are written or taken back, positive ones closed or placed; WAD.
    function bookAfter(address account_, BookKey key, IClearinghouse.Leg[] calldata changes)
        external
        view
        returns (BookAfter memory);
}
