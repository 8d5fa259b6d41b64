// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {Bounties, Pot} from "../libraries/Bounties.sol";
import {BookKey} from "../libraries/SeriesId.sol";
import {ClearingCollateral} from "./ClearingCollateral.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingFees
/// @notice Fees in pots, one for each (market, side, expiry), and what they pay: bounties, and the rest to the treasury.
/// @dev Who is owed what is counted by Bounties.
abstract contract ClearingFees is ClearingCollateral {
    using Bounties for Pot;
    using SafeCast for uint256;

    /// @inheritdoc IClearinghouse
    address public treasury;

    /// @inheritdoc IClearinghouse
    mapping(address token => uint256) public bountyCap;

    mapping(BookKey => Pot) private _pots;

    /// @inheritdoc IClearinghouse
    function accrueFee(BookKey key, uint256 assets) external nonReentrant {
        _accrueFee(_msgSender(), key, assets);
    }

    /// @inheritdoc IClearinghouse
    function accrueFeeFor(address payer, BookKey key, uint256 assets) external nonReentrant {
        _requireAuthority(payer, TRADE);
        _accrueFee(payer, key, assets);
    }

    /// @inheritdoc IClearinghouse
    function collectFees(BookKey key) external nonReentrant returns (uint256 bounty, uint256 rest) {
        _requireListedBook(key);
        (uint256 price, address settler) = IMarkets(markets).settlement(key.market(), key.expiry());
        require(price != 0, IMarkets.NotSettled(key.market(), key.expiry()));
        Pot memory pot = _pots[key];
        address token = _assetOf(key).token;
        (bounty, rest) = pot.due(key.expiry(), bountyCap[token]);
        // The sum has its own name: slither takes it for a uint128 otherwise, and passes the function over.
        uint256 paid = bounty + rest;
        // slither-disable-next-line incorrect-equality
        if (paid == 0) return (0, 0);
        address to = treasury;
        require(to != address(0), TreasuryNotSet());

        pot.assets -= paid.toUint128();
        pot.toSettler += bounty.toUint128();
        _pots[key] = pot;
        freeBalance[settler][token] += bounty;
        freeBalance[to][token] += rest;
        emit FeesCollected(key, settler, bounty, to, rest);
    }

    /// @inheritdoc IClearinghouse
    // `_requireReceiver` refuses zero.
    // slither-disable-next-line missing-zero-check
    function setTreasury(address treasury_) external restricted {
        _requireReceiver(treasury_);
        treasury = treasury_;
        emit TreasurySet(treasury_);
    }

    /// @inheritdoc IClearinghouse
    function setBountyCap(address token, uint256 cap) external restricted {
        bountyCap[token] = cap;
        emit BountyCapSet(token, cap);
    }

    // --- views ---

    /// @inheritdoc IClearinghouse
    function feePot(BookKey key) external view returns (uint256) {
        return _pots[key].assets;
    }

    /// @inheritdoc IClearinghouse
    function bountyPaid(BookKey key) external view returns (uint256) {
        Pot memory pot = _pots[key];
        return uint256(pot.toSettler) + pot.toCallers;
    }

    /// @inheritdoc IClearinghouse
    function feesDue(BookKey key) external view returns (uint256 bounty, uint256 rest) {
        (uint256 price,) = IMarkets(markets).settlement(key.market(), key.expiry());
        if (price == 0) return (0, 0);
        (address token,) = IMarkets(markets).settlementAsset(key.market(), key.side());
        return _pots[key].due(key.expiry(), bountyCap[token]);
    }

    /// @inheritdoc IClearinghouse
    function bountyOf(BookKey key, uint256 credited) external view returns (uint256) {
        (address token,) = IMarkets(markets).settlementAsset(key.market(), key.side());
        return _pots[key].ofItem(key.expiry(), bountyCap[token], credited);
    }

    // --- inside ---

    function _accrueFee(address payer, BookKey key, uint256 assets) private {
        Pot storage pot = _pots[key];
        (uint256 inPot, uint256 accrued) = (pot.assets, pot.accrued);
        // A pot that has had fees was listed when it had its first, and listings are for ever.
        if (accrued == 0) _requireListedBook(key);
        _debit(payer, _assetOf(key).token, assets);
        inPot += assets;
        accrued += assets;
        (pot.assets, pot.accrued) = (inPot.toUint128(), accrued.toUint128());
        emit FeeAccrued(key, payer, assets);
    }

    /// @dev Pays the caller for an item that was done for another account.
    /// @param credited What the item added to that account's free balance.
    function _payBounty(address account, BookKey key, address token, uint256 credited) internal {
        address caller = _msgSender();
        if (caller == account || credited < Bounties.CREDIT_DIVISOR) return;
        Pot storage stored = _pots[key];
        if (stored.assets == 0) return;
        Pot memory pot = stored;
        uint256 bounty = pot.ofItem(key.expiry(), bountyCap[token], credited);
        // slither-disable-next-line incorrect-equality
        if (bounty == 0) return;
        unchecked {
            // At most what is in the pot; the total at most what ever came in.
            stored.assets = uint128(pot.assets - bounty);
            stored.toCallers = uint128(pot.toCallers + bounty);
        }
        freeBalance[caller][token] += bounty;
        emit BountyPaid(key, caller, account, bounty);
    }
}
