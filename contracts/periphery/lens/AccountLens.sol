// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../interfaces/IClearinghouse.sol";
import {IMarkets} from "../../interfaces/IMarkets.sol";
import {IOptionVault} from "../../interfaces/IOptionVault.sol";
import {IAccountLens} from "../../interfaces/lens/IAccountLens.sol";
import {BookRequirement} from "../../libraries/BookRequirement.sol";
import {Payoff} from "../../libraries/Payoff.sol";
import {BookKey, BookKeyLib, SeriesId, Side} from "../../libraries/SeriesId.sol";
import {WorstLoss} from "../../libraries/WorstLoss.sol";
import {BookChange} from "./BookChange.sol";
import {CappedCall} from "./CappedCall.sol";
import {LensReader} from "./LensReader.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title AccountLens
/// @notice Balances, positions and what they can lose.
contract AccountLens is IAccountLens, LensReader {
    constructor(address clearinghouse_) LensReader(clearinghouse_) {}

    /// @inheritdoc IAccountLens
    function account(address account_, uint16 market, uint256 from, uint256 limit)
        external
        view
        returns (AccountView memory v)
    {
        v.readAt = _now();
        v.native = account_.balance;
        v.redeemForAllowed = clearinghouse.redeemForAllowed(account_);
        IMarkets.Market memory m = markets.market(market);
        v.base = _balance(account_, m.base);
        v.quote = _balance(account_, m.quote);

        uint40[] memory expiries = markets.expiries(market, from, limit);
        v.positions = new Position[](2 * expiries.length);
        uint256 found;
        uint256 done;
        for (; done < expiries.length && gasleft() > 2 * RESERVE_GAS; ++done) {
            for (uint8 side; side < 2; ++side) {
                Position memory p = _position(account_, BookKeyLib.pack(market, Side(side), expiries[done]));
                if (p.kind != IClearinghouse.BookKind.NONE || p.holdings.length != 0) v.positions[found++] = p;
            }
        }
        if (from + done < markets.expiryCount(market)) v.next = from + done;
        Position[] memory positions = v.positions;
        assembly ("memory-safe") {
            mstore(positions, found)
        }
    }

    /// @inheritdoc IAccountLens
    function balances(address account_, address[] calldata tokens) external view returns (Balance[] memory list) {
        list = new Balance[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            list[i] = _balance(account_, tokens[i]);
        }
    }

    /// @inheritdoc IAccountLens
    function snapshot(address account_, Watch calldata watch) external view returns (Snapshot memory v) {
        v.native = account_.balance;
        address[] memory tokens = _tokensOf(watch);
        v.balances = new Balance[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            v.balances[i] = _balance(account_, tokens[i]);
        }
        uint256 count = watch.books.length;
        v.positions = new Position[](count);
        v.feePots = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            v.positions[i] = _position(account_, watch.books[i]);
            v.feePots[i] = clearinghouse.feePot(watch.books[i]);
        }
        v.stakes = new Stake[](watch.vaults.length);
        for (uint256 i; i < v.stakes.length; ++i) {
            v.stakes[i] = _stake(account_, watch.vaults[i]);
        }
    }

    /// @inheritdoc IAccountLens
    function position(address account_, BookKey key) external view returns (Position memory) {
        return _position(account_, key);
    }

    /// @inheritdoc IAccountLens
    function bookAfter(address account_, BookKey key, IClearinghouse.Leg[] calldata changes)
        external
        view
        returns (BookAfter memory v)
    {
        IClearinghouse.Book memory b = clearinghouse.book(account_, key);
        (address token, uint256 scale) = _assetOf(key.market(), key.side());
        v.free = clearinghouse.freeBalance(account_, token);
        v.requiredBefore = b.locked;
        v.netted = b.kind == IClearinghouse.BookKind.NETTED;
        v.legs = _legs(account_, key, b);
        v.refusal = BookChange.refusal(clearinghouse, account_, key, b.kind);
        for (uint256 i; i < changes.length; ++i) {
            bytes memory refusal_;
            (v.legs, refusal_) = BookChange.apply_(clearinghouse, key, v.legs, changes[i]);
            if (v.refusal.length == 0) v.refusal = refusal_;
        }
        if (!v.netted) v.netted = v.mustNet = BookChange.hasLong(v.legs);
        (v.worstLoss, v.worstPrice) = WorstLoss.find(key.side(), v.legs, scale);
        v.requiredAfter = v.netted ? v.worstLoss : _plainRequired(key.side(), v.legs, scale);
        if (!v.netted) v.worstLoss = v.requiredAfter;
        v.difference = int256(v.requiredAfter) - int256(v.requiredBefore);
        if (v.refusal.length != 0) return v;
        if (v.netted && v.legs.length > BookRequirement.MAX_LEGS) {
            v.refusal =
                abi.encodeWithSelector(IClearinghouse.TooManyLegs.selector, v.legs.length, BookRequirement.MAX_LEGS);
        } else if (v.difference > int256(v.free)) {
            v.refusal = abi.encodeWithSelector(
                IClearinghouse.InsufficientFreeBalance.selector, account_, token, uint256(v.difference), v.free
            );
        }
    }

    // --- inside ---

    function _balance(address account_, address token) internal view returns (Balance memory b) {
        b.token = token;
        b.free = clearinghouse.freeBalance(account_, token);
        (b.readable, b.wallet) = CappedCall.word(token, abi.encodeCall(IERC20.balanceOf, (account_)));
        (, b.allowance) = CappedCall.word(token, abi.encodeCall(IERC20.allowance, (account_, address(clearinghouse))));
    }

    function _stake(address account_, address vault) private view returns (Stake memory v) {
        IERC4626 shares = IERC4626(vault);
        v.vault = vault;
        v.shares = shares.balanceOf(account_);
        (v.claimableShares, v.claimableAssets) = (shares.maxMint(account_), shares.maxWithdraw(account_));
        (v.pendingAssets, v.pendingShares,,) = IOptionVault(vault).queueTotals();
        try shares.convertToAssets(v.shares) returns (uint256 value) {
            v.value = value;
        } catch {}
    }

    /// @dev The tokens watched, and those of the books watched, each once.
    function _tokensOf(Watch calldata watch) private view returns (address[] memory list) {
        list = new address[](watch.tokens.length + watch.books.length);
        uint256 count;
        for (uint256 i; i < watch.tokens.length; ++i) {
            count = _add(list, count, watch.tokens[i]);
        }
        for (uint256 i; i < watch.books.length; ++i) {
            (address token,) = markets.settlementAsset(watch.books[i].market(), watch.books[i].side());
            count = _add(list, count, token);
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    function _add(address[] memory list, uint256 count, address token) private pure returns (uint256) {
        for (uint256 i; i < count; ++i) {
            if (list[i] == token) return count;
        }
        list[count] = token;
        return count + 1;
    }

    function _position(address account_, BookKey key) internal view returns (Position memory p) {
        p.key = key;
        IClearinghouse.Book memory b = clearinghouse.book(account_, key);
        (p.kind, p.locked) = (b.kind, b.locked);
        (p.settlementPrice,) = markets.settlement(key.market(), key.expiry());
        uint64[] memory strikes = _ascending(markets.strikes(key));
        IClearinghouse.Leg[] memory legs = _legs(account_, key, b, strikes);
        uint256[] memory held = _held(account_, key, strikes);
        (, uint256 scale) = _assetOf(key.market(), key.side());
        if (b.kind == IClearinghouse.BookKind.NETTED) (p.required,) = WorstLoss.find(key.side(), legs, scale);
        else p.required = _plainRequired(key.side(), legs, scale);
        if (p.settlementPrice != 0) p.settlementCredit = _credit(p, b, legs, scale);
        p.holdings = _holdings(p, strikes, legs, held, scale);
        if (p.settlementPrice == 0) (p.worstLoss, p.worstPrice) = WorstLoss.find(key.side(), _all(p.holdings), scale);
    }

    function _legs(address account_, BookKey key, IClearinghouse.Book memory b)
        internal
        view
        returns (IClearinghouse.Leg[] memory)
    {
        return _legs(account_, key, b, _ascending(markets.strikes(key)));
    }

    /// @dev A netted book names its legs. A plain one knows only their number, so the listed strikes are asked.
    function _legs(address account_, BookKey key, IClearinghouse.Book memory b, uint64[] memory strikes)
        private
        view
        returns (IClearinghouse.Leg[] memory legs)
    {
        if (b.kind == IClearinghouse.BookKind.NETTED) return clearinghouse.legs(account_, key);
        legs = new IClearinghouse.Leg[](b.legCount);
        uint256 found;
        for (uint256 i; i < strikes.length && found < legs.length; ++i) {
            int256 amount = clearinghouse.leg(account_, key.series(strikes[i]));
            // The Clearinghouse keeps every amount within int128.
            // forge-lint: disable-next-line(unsafe-typecast)
            if (amount != 0) legs[found++] = IClearinghouse.Leg(strikes[i], int128(amount));
        }
    }

    function _held(address account_, BookKey key, uint64[] memory strikes) private view returns (uint256[] memory) {
        address[] memory accounts = new address[](strikes.length);
        uint256[] memory ids = new uint256[](strikes.length);
        for (uint256 i; i < strikes.length; ++i) {
            accounts[i] = account_;
            ids[i] = SeriesId.unwrap(key.series(strikes[i]));
        }
        return optionToken.balanceOfBatch(accounts, ids);
    }

    /// @dev Book and tokens side by side, both ascending by strike; strikes with neither are left out.
    function _holdings(
        Position memory p,
        uint64[] memory strikes,
        IClearinghouse.Leg[] memory legs,
        uint256[] memory held,
        uint256 scale
    ) private pure returns (Holding[] memory list) {
        list = new Holding[](strikes.length);
        uint256 found;
        uint256 next;
        for (uint256 i; i < strikes.length; ++i) {
            Holding memory h = Holding(p.key.series(strikes[i]), 0, held[i], 0);
            if (next < legs.length && legs[next].strike == strikes[i]) h.booked = legs[next++].amount;
            if (h.booked == 0 && h.held == 0) continue;
            if (p.settlementPrice != 0 && h.held != 0) {
                h.payoff = Payoff.payoffDown(p.key.side(), h.series.strikeWad(), p.settlementPrice, h.held, scale);
            }
            list[found++] = h;
        }
        assembly ("memory-safe") {
            mstore(list, found)
        }
    }

    function _all(Holding[] memory holdings) private pure returns (IClearinghouse.Leg[] memory legs) {
        legs = new IClearinghouse.Leg[](holdings.length);
        for (uint256 i; i < holdings.length; ++i) {
            int256 amount = holdings[i].booked + int256(holdings[i].held);
            // More than fits, on a token that mints without end, is as good as the most.
            // forge-lint: disable-next-line(unsafe-typecast)
            legs[i] = IClearinghouse.Leg(
                holdings[i].series.strike(), amount > type(int128).max ? type(int128).max : int128(amount)
            );
        }
    }

    /// @dev What settling credits: of a netted book what it locks and is worth, of a plain one what its legs leave.
    function _credit(Position memory p, IClearinghouse.Book memory b, IClearinghouse.Leg[] memory legs, uint256 scale)
        private
        pure
        returns (uint256 credit)
    {
        Side side = p.key.side();
        if (b.kind == IClearinghouse.BookKind.NETTED) {
            return
                uint256(
                    int256(uint256(b.locked)) + BookRequirement.settlementFloor(side, legs, p.settlementPrice, scale)
                );
        }
        for (uint256 i; i < legs.length; ++i) {
            uint256 strike = p.key.series(legs[i].strike).strikeWad();
            uint256 amount = uint256(-int256(legs[i].amount));
            credit += Payoff.collateralUp(side, strike, amount, scale)
            - Payoff.payoffUp(side, strike, p.settlementPrice, amount, scale);
        }
    }

    /// @dev A plain book locks each leg by itself, each rounded up.
    function _plainRequired(Side side, IClearinghouse.Leg[] memory legs, uint256 scale)
        private
        pure
        returns (uint256 required)
    {
        for (uint256 i; i < legs.length; ++i) {
            required += Payoff.collateralUp(
                side, uint256(legs[i].strike) * 1e10, uint256(-int256(legs[i].amount)), scale
            );
        }
    }

    function _ascending(uint64[] memory strikes) private pure returns (uint64[] memory) {
        for (uint256 i = 1; i < strikes.length; ++i) {
            uint64 strike = strikes[i];
            uint256 j = i;
            for (; j != 0 && strikes[j - 1] > strike; --j) {
                strikes[j] = strikes[j - 1];
            }
            strikes[j] = strike;
        }
        return strikes;
    }
}
