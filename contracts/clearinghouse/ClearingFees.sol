// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {BookKey} from "../libraries/SeriesId.sol";
import {ClearingCollateral} from "./ClearingCollateral.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingFees
/// @notice Fees in pots, one for each (market, side, expiry), and what they pay: bounties, and the rest to the treasury.
/// @dev The budget of a pot is a fifth of all that it ever collected, capped. Half of it is for who proved the settlement
/// price, half for those who then settle books and redeem for others. Everything is counted from totals that only grow,
/// so neither the order of calls nor how often fees are collected changes who is owed what.
///
/// An item pays its caller at most 1/32 of that second half and at most 1 % of what it credits to the account it is done
/// for: dust earns dust. What an item pays grows from nothing at expiry to all of that a day later. Who makes up items
/// to harvest them competes for each with everybody who would do it for the gas, and an honest caller is paid about that.
abstract contract ClearingFees is ClearingCollateral {
    using SafeCast for uint256;

    /// @param assets What is in the pot, token units.
    /// @param accrued All that ever came in.
    /// @param toSettler What was paid for the proof of the settlement price.
    /// @param toCallers What was paid for books settled and options redeemed for others.
    struct Pot {
        uint128 assets;
        uint128 accrued;
        uint128 toSettler;
        uint128 toCallers;
    }

    /// @notice Bounties get at most this part of what a pot collected.
    uint256 public constant BOUNTY_DIVISOR = 5;

    /// @notice One item pays at most this part of the budget,
    uint256 public constant ITEM_DIVISOR = 64;

    /// @notice and at most this part of what it credits.
    uint256 public constant CREDIT_DIVISOR = 100;

    /// @notice How long after expiry the bounty of an item grows.
    uint256 public constant BOUNTY_GROWTH = 1 days;

    /// @notice How long after expiry items pay at all; what is left then is the treasury's.
    uint256 public constant BOUNTY_WINDOW = 30 days;

    /// @inheritdoc IClearinghouse
    address public treasury;

    /// @inheritdoc IClearinghouse
    mapping(address token => uint256) public bountyCap;

    mapping(BookKey => Pot) private _pots;

    /// @inheritdoc IClearinghouse
    function accrueFee(BookKey key, uint256 assets) external nonReentrant {
        _requireListedBook(key);
        address payer = _msgSender();
        _debit(payer, _assetOf(key).token, assets);
        Pot storage pot = _pots[key];
        uint256 inPot = pot.assets + assets;
        uint256 accrued = pot.accrued + assets;
        (pot.assets, pot.accrued) = (inPot.toUint128(), accrued.toUint128());
        emit FeeAccrued(key, payer, assets);
    }

    /// @inheritdoc IClearinghouse
    function collectFees(BookKey key) external nonReentrant returns (uint256 bounty, uint256 rest) {
        _requireListedBook(key);
        (uint256 price, address settler) = IMarkets(markets).settlement(key.market(), key.expiry());
        require(price != 0, IMarkets.NotSettled(key.market(), key.expiry()));
        Pot memory pot = _pots[key];
        address token = _assetOf(key).token;
        (bounty, rest) = _due(pot, key, token);
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
        return _due(_pots[key], key, token);
    }

    /// @inheritdoc IClearinghouse
    function bountyOf(BookKey key, uint256 credited) external view returns (uint256) {
        (address token,) = IMarkets(markets).settlementAsset(key.market(), key.side());
        return _bounty(_pots[key], key, token, credited);
    }

    // --- inside ---

    /// @dev Pays the caller for an item that was done for another account.
    /// @param credited What the item added to that account's free balance.
    function _payBounty(address account, BookKey key, address token, uint256 credited) internal {
        address caller = _msgSender();
        if (caller == account || credited < CREDIT_DIVISOR) return;
        Pot storage stored = _pots[key];
        if (stored.assets == 0) return;
        Pot memory pot = stored;
        uint256 bounty = _bounty(pot, key, token, credited);
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

    function _bounty(Pot memory pot, BookKey key, address token, uint256 credited) private view returns (uint256) {
        uint256 expiry = key.expiry();
        if (block.timestamp <= expiry) return 0;
        uint256 budget = _budget(pot, token);
        uint256 most = _min(budget / ITEM_DIVISOR, credited / CREDIT_DIVISOR);
        uint256 elapsed = block.timestamp - expiry;
        if (elapsed < BOUNTY_GROWTH) most = most * elapsed / BOUNTY_GROWTH;
        return _min(most, _reserve(pot, key, budget));
    }

    /// @dev What is due to the settler, and to the treasury beyond what is kept for items.
    function _due(Pot memory pot, BookKey key, address token) private view returns (uint256 bounty, uint256 rest) {
        uint256 budget = _budget(pot, token);
        uint256 reserve = _reserve(pot, key, budget);
        bounty = _min(_less(budget / 2, pot.toSettler), pot.assets - reserve);
        rest = pot.assets - reserve - bounty;
    }

    function _budget(Pot memory pot, address token) private view returns (uint256 budget) {
        budget = pot.accrued / BOUNTY_DIVISOR;
        uint256 cap = bountyCap[token];
        if (cap != 0) budget = _min(budget, cap);
    }

    /// @dev What items may still be paid. A cap that was raised finds no more than what is there.
    function _reserve(Pot memory pot, BookKey key, uint256 budget) private view returns (uint256) {
        if (block.timestamp >= key.expiry() + BOUNTY_WINDOW) return 0;
        return _min(_less(budget - budget / 2, pot.toCallers), pot.assets);
    }

    function _less(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
