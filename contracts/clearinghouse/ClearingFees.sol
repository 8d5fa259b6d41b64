// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {BookKey} from "../libraries/SeriesId.sol";
import {ClearingCollateral} from "./ClearingCollateral.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingFees
/// @notice Fees in pots, one for each (market, side, expiry), and who gets them.
abstract contract ClearingFees is ClearingCollateral {
    using SafeCast for uint256;

    struct Pot {
        uint128 assets;
        uint128 bountyPaid;
    }

    /// @notice Settlers get at most this part of a pot.
    uint256 public constant BOUNTY_DIVISOR = 5;

    /// @inheritdoc IClearinghouse
    address public treasury;

    /// @inheritdoc IClearinghouse
    mapping(address token => uint256) public bountyCap;

    mapping(BookKey => Pot) private _pots;

    /// @inheritdoc IClearinghouse
    function accrueFee(BookKey key, uint256 assets) external nonReentrant {
        _requireListedBook(key);
        _debit(msg.sender, _assetOf(key).token, assets);
        _pots[key].assets += assets.toUint128();
        emit FeeAccrued(key, msg.sender, assets);
    }

    /// @inheritdoc IClearinghouse
    function collectFees(BookKey key) external nonReentrant returns (uint256 bounty, uint256 rest) {
        _requireListedBook(key);
        (uint256 price, address settler) = IMarkets(markets).settlement(key.market(), key.expiry());
        require(price != 0, IMarkets.NotSettled(key.market(), key.expiry()));
        Pot memory pot = _pots[key];
        if (pot.assets == 0) return (0, 0);
        address to = treasury;
        require(to != address(0), TreasuryNotSet());

        address token = _assetOf(key).token;
        bounty = pot.assets / BOUNTY_DIVISOR;
        uint256 cap = bountyCap[token];
        if (cap != 0) {
            uint256 left = cap > pot.bountyPaid ? cap - pot.bountyPaid : 0;
            if (bounty > left) bounty = left;
        }
        rest = pot.assets - bounty;
        // The sum has its own name: slither takes it for a uint128 otherwise, and passes the function over.
        uint256 paid = pot.bountyPaid + bounty;
        _pots[key] = Pot(0, paid.toUint128());
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

    /// @inheritdoc IClearinghouse
    function feePot(BookKey key) external view returns (uint256) {
        return _pots[key].assets;
    }

    /// @inheritdoc IClearinghouse
    function bountyPaid(BookKey key) external view returns (uint256) {
        return _pots[key].bountyPaid;
    }
}
