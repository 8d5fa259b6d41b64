// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {SeriesId} from "../libraries/SeriesId.sol";
import {SpotTerms} from "../libraries/SpotTerms.sol";
import {VaultBook} from "./VaultBook.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

// Amounts, counts and blocks are compared for what they are: no balance that a gift could move takes part.
// slither-disable-start incorrect-equality
/// @title VaultTrading
/// @notice Buying from the vault and selling back to it, at the quote of VaultPricing.
abstract contract VaultTrading is VaultBook {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;
    using FixedPointMathLib for uint256;

    /// @dev A trade between its checks and its booking.
    /// @param before Contracts of the series open before it, WAD.
    /// @param vega What it adds to or takes from the short vega, WAD.
    /// @param performance The fee on a buy's premium, which the vault pays.
    struct Trade {
        Quote quote;
        uint256 before;
        uint256 vega;
        uint256 performance;
    }

    // --- views ---

    /// @inheritdoc IOptionVault
    function quoteBuy(SeriesId series, uint256 amount) external view returns (Quote memory) {
        (uint256 netAssets_, uint256 shortVega,) = _newBase();
        return _checkBuy(series, amount, netAssets_, shortVega, _spotTerms(series)).quote;
    }

    /// @inheritdoc IOptionVault
    function quoteSell(SeriesId series, uint256 amount) external view returns (Quote memory) {
        return _checkSell(series, amount, _spotTerms(series)).quote;
    }

    // --- trades ---

    /// @inheritdoc IOptionVault
    /// @dev Money first, then books, then the delivery, whose receiver is called: it sees the trade booked. The guard keeps
    /// a token's hook from anything but views.
    // slither-disable-next-line reentrancy-no-eth
    function buy(SeriesId series, uint256 amount, uint256 maxCost, address receiver, uint256 deadline, Funds from)
        external
        nonReentrant
        returns (uint256 cost)
    {
        _checkCaller(deadline);
        (uint256 netAssets_, uint256 shortVega) = _rebase();
        Trade memory trade = _checkBuy(series, amount, netAssets_, shortVega, _checkpoint(series));
        Quote memory quote = trade.quote;
        cost = quote.total;
        if (cost > maxCost) revert CostAboveLimit(cost, maxCost);
        _collect(msg.sender, cost, from);

        uint256 premium = cost - quote.fee;
        uint256 performance = trade.performance;
        uint256 locked = uint256(_locked) + quote.collateral;
        uint256 idle = uint256(_idle) + premium - performance;
        // The cap holds net assets as they were at the re-basing; what is idle now decides alone whether it can be locked.
        if (idle < quote.collateral) revert UtilisationAboveCap(locked, netAssets_);
        shortVega += trade.vega;
        _setAssets(idle - quote.collateral, locked);
        _setBase(netAssets_, shortVega);
        _open.set(series, trade.before + amount);
        emit Bought(
            msg.sender,
            series,
            receiver,
            amount,
            premium,
            quote.fee,
            performance,
            quote.spot,
            quote.volatility,
            shortVega,
            locked
        );

        if (quote.fee + performance != 0) {
            IClearinghouse(clearinghouse).accrueFee(series.bookKey(), quote.fee + performance);
        }
        IClearinghouse(clearinghouse).write(address(this), series, amount, receiver);
    }

    /// @inheritdoc IOptionVault
    // The checkpoint is a call of our own Markets, which reads the feed and calls nobody else.
    // slither-disable-next-line reentrancy-no-eth
    function sell(SeriesId series, uint256 amount, uint256 minProceeds, address receiver, uint256 deadline, Funds to)
        external
        nonReentrant
        returns (uint256 proceeds)
    {
        _checkCaller(deadline);
        // Selling needs no base, but a block's first trade renews it.
        (uint256 netAssets_, uint256 shortVega) = _rebase();
        Trade memory trade = _checkSell(series, amount, _checkpoint(series));
        Quote memory quote = trade.quote;
        proceeds = quote.total;
        if (proceeds < minProceeds) revert ProceedsBelowLimit(proceeds, minProceeds);

        uint256 locked = uint256(_locked) - quote.collateral;
        // The bid is never above the collateral that the sale unlocks.
        shortVega = shortVega.zeroFloorSub(trade.vega);
        _setAssets(uint256(_idle) + (quote.collateral - proceeds), locked);
        _setBase(netAssets_, shortVega);
        _open.set(series, trade.before - amount);
        emit SoldBack(msg.sender, series, receiver, amount, proceeds, quote.spot, quote.volatility, shortVega, locked);

        IClearinghouse(clearinghouse).close(address(this), series, amount, msg.sender);
        _pay(receiver, proceeds, to);
    }

    // --- checks and quotes ---

    function _spotTerms(SeriesId series) private view returns (SpotTerms) {
        return markets.spotTerms(market, series.expiry());
    }

    function _checkCaller(uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        if (tradesPaused) revert Paused();
    }

    /// @dev Every trade reads spot: the listing keeps it, for the settlement may need to know the feed's phase.
    function _checkpoint(SeriesId series) private returns (SpotTerms) {
        return markets.checkpointTerms(market, series.expiry());
    }

    function _checkBuy(SeriesId series, uint256 amount, uint256 netAssets_, uint256 shortVega, SpotTerms spot)
        private
        view
        returns (Trade memory trade)
    {
        if (series.market() != market || series.side() != side) revert WrongMarket(series);
        trade.before = written(series);
        if (trade.before == 0 && _open.items.length == MAX_SERIES) revert TooManySeries(MAX_SERIES);
        (trade.quote, trade.vega, trade.performance) = pricer.quoteBuy(
            series,
            trade.before,
            amount,
            IVaultPricer.State({netAssets: netAssets_, shortVega: shortVega, locked: _locked}),
            scale,
            spot
        );
    }

    function _checkSell(SeriesId series, uint256 amount, SpotTerms spot) private view returns (Trade memory trade) {
        trade.before = written(series);
        if (trade.before < amount) revert IClearinghouse.LegTooSmall(series, trade.before, amount);
        (trade.quote, trade.vega) = pricer.quoteSell(series, trade.before, amount, scale, spot);
    }

    // --- the base ---

    /// @dev Net assets at the leavers' mark and the short vega of the whole book, renewed before a block's first trade only.
    /// Leavers who are paid between two trades of a block take from the base what they take from the vault, and so do fees
    /// and sales. What the base has fallen to stays: one that rose again with the next premium would make splitting pay.
    /// The trade that follows stores it, with the vega that it moves (`_setBase`).
    function _rebase() private returns (uint256 netAssets_, uint256 shortVega) {
        bool renewed;
        (netAssets_, shortVega, renewed) = _newBase();
        if (renewed) emit Rebased(netAssets_, shortVega);
    }

    function _setBase(uint256 netAssets_, uint256 shortVega) private {
        (netAssets_ | shortVega).toUint112();
        _base = Base(uint32(block.number), uint112(netAssets_), uint112(shortVega));
    }

    function _newBase() private view returns (uint256 netAssets_, uint256 shortVega, bool renewed) {
        Base memory base = _base;
        if (base.blockNumber == uint32(block.number)) {
            netAssets_ = uint256(base.netAssets).min(uint256(_idle) + _locked);
            return (netAssets_, base.shortVega, netAssets_ != base.netAssets);
        }
        IVaultPricer.Marks memory marks = _mark();
        return (_netAssets(marks.leaving), marks.shortVega, true);
    }

    // --- money ---

    /// @dev Brings `assets` of a trader into the vault's free balance.
    function _collect(address payer, uint256 assets, Funds from) internal {
        if (from == Funds.FREE_BALANCE) {
            IClearinghouse(clearinghouse).pay(payer, address(this), asset, assets);
        } else {
            IERC20(asset).safeTransferFrom(payer, address(this), assets);
            IClearinghouse(clearinghouse).deposit(asset, assets);
        }
    }

    /// @dev Pays out of the vault's free balance.
    function _pay(address receiver, uint256 assets, Funds to) internal {
        if (assets == 0) return;
        if (to == Funds.FREE_BALANCE) IClearinghouse(clearinghouse).pay(address(this), receiver, asset, assets);
        else IClearinghouse(clearinghouse).withdraw(asset, assets, receiver);
    }
}
// slither-disable-end incorrect-equality
