// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {BookRequirement} from "../libraries/BookRequirement.sol";
import {NettedLegs} from "../libraries/NettedLegs.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKey, SeriesId, Side} from "../libraries/SeriesId.sol";
import {ClearingBooks} from "./ClearingBooks.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingSettlement
/// @notice What happens after the settlement price is known: books settle, holders are paid.
abstract contract ClearingSettlement is ClearingBooks {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for IERC20;
    using NettedLegs for NettedLegs.Stored;

    /// @inheritdoc IClearinghouse
    mapping(address account => bool) public redeemForAllowed;

    /// @inheritdoc IClearinghouse
    function settleLeg(address account, SeriesId series) external nonReentrant {
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind != BookKind.NETTED, WrongBookKind(account, key, b.kind));
        uint256 written = _written[account][series];
        require(written != 0, NothingToSettle(account, series));
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());

        (Side side, uint256 strike) = (series.side(), series.strikeWad());
        Asset memory asset = _assetOf(key);
        uint256 owed = Payoff.payoffUp(side, strike, price, written, asset.scale);
        uint256 locked = Payoff.collateralUp(side, strike, written, asset.scale);
        delete _written[account][series];
        b.locked -= locked.toUint128();
        if (--b.legCount == 0) b.kind = BookKind.SETTLED;
        _books[account][key] = b;
        uint256 released = locked - owed;
        freeBalance[account][asset.token] += released;
        emit BookSettled(account, key, series.strike(), owed.toInt256(), released);
    }

    /// @inheritdoc IClearinghouse
    function settleBook(address account, BookKey key) external nonReentrant {
        Book memory b = _books[account][key];
        require(b.kind != BookKind.SETTLED, BookAlreadySettled(account, key));
        require(b.kind == BookKind.NETTED, WrongBookKind(account, key, b.kind));
        uint256 price = IMarkets(markets).settlementPrice(key.market(), key.expiry());

        Asset memory asset = _assetOf(key);
        NettedLegs.Stored storage stored = _netted[account][key];
        int256 owed = -BookRequirement.settlementFloor(key.side(), stored.load(b.legCount), price, asset.scale);
        stored.clear(b.legCount);
        _books[account][key] = Book(BookKind.SETTLED, 0, 0);
        // What a book owes is never above what it has locked. A book worth more than nothing is paid from the pool.
        uint256 credited = (int256(uint256(b.locked)) - owed).toUint256();
        freeBalance[account][asset.token] += credited;
        emit BookSettled(account, key, 0, owed, owed > 0 ? credited : b.locked);
    }

    /// @inheritdoc IClearinghouse
    function redeem(SeriesId series, uint256 amount, address receiver) external nonReentrant returns (uint256 assets) {
        require(amount != 0, BadAmount(amount));
        _requireReceiver(receiver);
        address token;
        (token, assets) = _redeem(msg.sender, series, amount);
        emit Redeemed(msg.sender, series, amount, receiver, assets, false);
        if (assets != 0) IERC20(token).safeTransfer(receiver, assets);
    }

    /// @inheritdoc IClearinghouse
    // The calls before the credit are to Markets and to our own option token, whose burning calls nobody.
    // slither-disable-next-line reentrancy-benign
    function redeemFor(address holder, SeriesId series) external nonReentrant returns (uint256 assets) {
        require(
            holder == msg.sender || holder.code.length == 0 || redeemForAllowed[holder], RedeemForNotAllowed(holder)
        );
        uint256 amount = IOptionToken(optionToken).balanceOf(holder, SeriesId.unwrap(series));
        require(amount != 0, BadAmount(amount));
        address token;
        (token, assets) = _redeem(holder, series, amount);
        freeBalance[holder][token] += assets;
        emit Redeemed(holder, series, amount, holder, assets, true);
    }

    /// @inheritdoc IClearinghouse
    function setRedeemFor(bool allowed) external {
        redeemForAllowed[msg.sender] = allowed;
        emit RedeemForSet(msg.sender, allowed);
    }

    /// @inheritdoc IClearinghouse
    function payoff(SeriesId series, uint256 amount) external view returns (uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        (, uint8 decimals) = IMarkets(markets).settlementAsset(series.market(), series.side());
        return Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, Payoff.scaleOf(decimals));
    }

    // --- inside ---

    /// @dev Burns settled longs and says what they pay.
    // As above; what is written after the calls is what Markets fixed at listing, read once.
    // slither-disable-next-line reentrancy-benign
    function _redeem(address holder, SeriesId series, uint256 amount) private returns (address token, uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        IOptionToken(optionToken).burn(holder, SeriesId.unwrap(series), amount);
        Asset memory asset = _assetOf(series.bookKey());
        token = asset.token;
        assets = Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, asset.scale);
    }
}
