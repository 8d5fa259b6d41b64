// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {OpenSeries, OpenSeriesList} from "../libraries/OpenSeries.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {SeriesId, Side} from "../libraries/SeriesId.sol";
import {VaultParams} from "./VaultParams.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

// Amounts, counts and blocks are compared for what they are: no balance that a gift could move takes part.
// slither-disable-start incorrect-equality
/// @title VaultBook
/// @notice What the vault holds and owes: its own ledger of assets, its open series and their marks.
/// @dev Every unit of the settlement asset that the vault owns lies in the Clearinghouse, free or locked, and counts only
/// when booked: idle here, waiting or claimable in VaultRequests. Its free balance there is at least the sum of the
/// three; the rest are gifts that change nothing. `_locked` is always the sum of its legs' collateral.
abstract contract VaultBook is VaultParams, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice The most series open at once: marking them all fits into a block.
    uint256 public constant MAX_SERIES = 64;

    /// @notice Leavers are paid without a price once it has been missing this long.
    uint256 public constant UNPRICED_SECONDS = 3 days;

    /// @dev What every trade reads and moves, in one slot.
    /// @param blockNumber The low bits of the block of the last re-basing.
    /// @param netAssets Net assets then, token units: 5e33 at most, or the vault trades no more; it pays and releases still.
    /// @param shortVega Net short vega, WAD: moved by every trade, recomputed at each re-basing. An option's vega is below the
    /// collateral that it locks times the root of its years.
    struct Base {
        uint32 blockNumber;
        uint112 netAssets;
        uint112 shortVega;
    }

    /// @inheritdoc IOptionVault
    address public immutable clearinghouse;
    /// @notice Spot, listings, settlement prices.
    IMarkets public immutable markets;
    /// @inheritdoc IOptionVault
    uint16 public immutable market;
    /// @inheritdoc IOptionVault
    Side public immutable side;
    /// @notice The settlement asset.
    address public immutable asset;
    /// @notice WAD of one token unit of the settlement asset.
    uint256 public immutable scale;

    Base internal _base;
    /// @dev Free balance that belongs to the shareholders; declared after a struct, so that a slot holds it and what is locked.
    uint128 internal _idle;
    uint128 internal _locked;

    OpenSeriesList internal _open;

    constructor(address clearinghouse_, uint16 market_, Side side_) {
        clearinghouse = clearinghouse_;
        markets = IMarkets(IClearinghouse(clearinghouse_).markets());
        market = market_;
        side = side_;
        // The markets that price are those that list and settle what is written.
        if (address(pricer.markets()) != address(markets)) revert WrongPricer(address(pricer));
        (address asset_, uint8 decimals_) = markets.settlementAsset(market_, side_);
        asset = asset_;
        scale = Payoff.scaleOf(decimals_);
        // The vault's wallet is empty between calls; the Clearinghouse draws only what the vault deposits.
        IERC20(asset_).forceApprove(clearinghouse_, type(uint256).max);
    }

    // --- views ---

    /// @inheritdoc IOptionVault
    function openSeries() external view returns (SeriesId[] memory series) {
        uint256 count = _open.items.length;
        series = new SeriesId[](count);
        for (uint256 i; i < count; ++i) {
            series[i] = _open.items[i].series();
        }
    }

    /// @notice Contracts of a series that the vault has written and not bought back, WAD.
    function written(SeriesId series) public view returns (uint256) {
        return _open.amountOf(series);
    }

    /// @inheritdoc IOptionVault
    function netAssets() external view returns (uint256 entering, uint256 leaving) {
        IVaultPricer.Marks memory marks = _mark();
        return (_netAssets(marks.entering), _netAssets(marks.leaving));
    }

    /// @inheritdoc IOptionVault
    function idleAssets() external view returns (uint256) {
        return _idle;
    }

    /// @inheritdoc IOptionVault
    function lockedAssets() external view returns (uint256) {
        return _locked;
    }

    /// @inheritdoc IOptionVault
    function shortVegaWad() external view returns (uint256) {
        return _base.shortVega;
    }

    function _setAssets(uint256 idle, uint256 locked) internal {
        // Their union has the bits of both: it fits where both do.
        (idle | locked).toUint128();
        (_idle, _locked) = (uint128(idle), uint128(locked));
    }

    // --- release ---

    /// @inheritdoc IOptionVault
    /// @dev The same whoever settled the leg in the Clearinghouse: what that releases follows from amount and price.
    function release(SeriesId series) external nonReentrant {
        uint256 place = _open.place[series];
        if (place == 0) revert NotOpen(series);
        if (!_release(place - 1)) revert IMarkets.NotSettled(market, series.expiry());
    }

    /// @dev Takes a series out of the book if it is settled. The last series moves into its place.
    function _release(uint256 index) internal returns (bool settled) {
        OpenSeries item = _open.items[index];
        uint256 owed;
        uint256 collateral;
        (settled, owed, collateral) = pricer.settled(item, scale);
        if (!settled) return false;
        SeriesId series = item.series();
        _open.remove(index);
        _setAssets(uint256(_idle) + collateral - owed, uint256(_locked) - collateral);
        emit SeriesReleased(series, int256(owed));
        if (IClearinghouse(clearinghouse).leg(address(this), series) != 0) {
            IClearinghouse(clearinghouse).settleLeg(address(this), series);
        }
    }

    // --- marks ---

    /// @dev Net assets with the whole book's liabilities at `owed`: no series counts for more than it has locked.
    function _netAssets(uint256 owed) internal view returns (uint256) {
        return uint256(_idle) + _locked - owed;
    }

    /// @dev Marks every open series; see IVaultPricer.
    function _mark() internal view returns (IVaultPricer.Marks memory marks) {
        if (_open.items.length != 0) marks = pricer.mark(_open.items, scale);
    }
}
// slither-disable-end incorrect-equality
