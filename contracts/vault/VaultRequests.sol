// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../interfaces/IAsyncVault.sol";
import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IVaultPricer} from "../interfaces/IVaultPricer.sol";
import {RequestQueue} from "../libraries/RequestQueue.sol";
import {VaultTrading} from "./VaultTrading.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

// Amounts, counts and blocks are compared for what they are: no balance that a gift could move takes part.
// slither-disable-start incorrect-equality
/// @title VaultRequests
/// @notice Deposits and redemptions by request: two queues, first in first out, processed by anybody at exact marks.
/// @dev Depositors enter at the higher value per share (liabilities at the bid), leavers leave at the lower (liabilities
/// at the ask), each rounded down, so neither takes from those who stay:
///
///     shares = floor(assets (supply + virtualShares) / (entering + VIRTUAL_ASSETS))
///     assets = min(leaving, floor(shares (leaving + VIRTUAL_ASSETS) / (supply + virtualShares)))
///
/// with virtualShares = VIRTUAL_ASSETS * 10^(18 - decimals), so that shares have 18 decimals and start at one a token.
/// The shares of waiting redemptions and of unclaimed deposits lie on the vault's own address until burned or claimed.
abstract contract VaultRequests is VaultTrading, ERC20, IERC7540Deposit, IERC7540Redeem, IERC7540Operator {
    using FixedPointMathLib for uint256;
    using RequestQueue for RequestQueue.Queue;

    /// @notice Token units that nobody owns: they make it costly to move the value of the first shares.
    uint256 public constant VIRTUAL_ASSETS = 1000;

    /// @notice A ready request may be cancelled once it has waited this long beyond its notice.
    uint256 public constant CANCEL_AFTER_SECONDS = 1 days;

    /// @dev While not all can be priced, this many times the virtual shares stay: see `process`.
    uint256 private constant KEPT_SHARES = 1000;

    RequestQueue.Queue internal _deposits;
    RequestQueue.Queue internal _redemptions;
    /// @dev Sums over the queues: waiting, and processed but not claimed.
    uint256 private _pendingAssets;
    uint256 private _pendingShares;
    uint256 private _claimableAssets;
    uint256 private _claimableShares;

    /// @inheritdoc IERC7540Operator
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    // --- requests ---

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540Deposit
    // The money comes first, under the guard: a token's hook reaches only views, which see the request not yet there.
    // slither-disable-next-line reentrancy-benign
    function requestDeposit(uint256 assets, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        if (depositsPaused) revert Paused();
        _authorise(owner);
        _checkController(controller);
        if (assets == 0) revert ZeroAssets();
        if (assets < _minRequest) revert RequestTooSmall(assets, _minRequest);
        uint256 reached = uint256(_idle) + _locked + assets;
        if (reached > _depositCap) revert CapExceeded(reached, _depositCap);

        _collect(owner, assets, Funds.WALLET);
        _pendingAssets += assets;
        requestId = _deposits.push(controller, assets, block.timestamp + _noticeSeconds);
        emit DepositRequest(controller, owner, requestId, msg.sender, assets);
    }

    /// @inheritdoc IERC7540Redeem
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        if (msg.sender != owner && !isOperator[owner][msg.sender]) {
            _spendAllowance(owner, msg.sender, shares);
        }
        _checkController(controller);
        if (shares == 0) revert ZeroShares();
        uint256 minimum = uint256(_minRequest) * scale;
        if (shares < minimum && shares != balanceOf(owner)) revert RequestTooSmall(shares, minimum);

        _transfer(owner, address(this), shares);
        _pendingShares += shares;
        requestId = _redemptions.push(controller, shares, block.timestamp + _noticeSeconds);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
    }

    /// @inheritdoc IOptionVault
    function cancelDeposit(uint256 requestId) external nonReentrant {
        (address controller, uint256 assets) = _cancel(_deposits, requestId);
        _pendingAssets -= assets;
        emit DepositCancelled(requestId, controller, assets);
        _pay(controller, assets, Funds.WALLET);
    }

    /// @inheritdoc IOptionVault
    function cancelRedeem(uint256 requestId) external nonReentrant {
        (address controller, uint256 shares) = _cancel(_redemptions, requestId);
        _pendingShares -= shares;
        emit RedeemCancelled(requestId, controller, shares);
        _transfer(address(this), controller, shares);
    }

    function _cancel(RequestQueue.Queue storage queue, uint256 requestId)
        private
        returns (address controller, uint256 pending)
    {
        RequestQueue.Request storage request = queue.requests[requestId];
        (controller, pending) = (request.controller, request.pending);
        _authorise(controller);
        uint256 readyAt = request.readyAt;
        bool may = block.timestamp < readyAt || block.timestamp >= readyAt + CANCEL_AFTER_SECONDS;
        if (pending == 0 || !may) revert NotCancellable(requestId);
        request.pending = 0;
    }

    // --- processing ---

    /// @dev Value of the whole vault while requests are processed, token units and shares.
    struct Progress {
        uint256 left;
        uint256 entering;
        uint256 leaving;
        uint256 idle;
    }

    /// @inheritdoc IOptionVault
    /// @dev Without all prices leavers are paid at the least that their shares can be worth, each the same for a share, in
    /// whatever order. What the unpriced series release beyond that stays with the shares that stay. A leaver's claim on
    /// it would be fairer to him, and is not made: it would have to follow series that are traded again once the keeper is
    /// back, and a debt of that shape is what a vault in trouble needs least. Nobody is paid like this who does not want
    /// it: such a request can be taken back from a day after its notice on, two days before this begins. The last shares
    /// are never bought out this way, so that what is released belongs to somebody.
    ///
    /// The calls before the books are to the Clearinghouse, the feed and the oracle, under the guard.
    // slither-disable-next-line reentrancy-no-eth
    function process(uint256 maxRequests) external nonReentrant returns (uint256 processed) {
        _releaseSettled();
        IVaultPricer.Marks memory marks = _mark();
        if (marks.cutOffExpiry != 0) revert ProcessingCutoff(marks.cutOffExpiry);
        if (marks.unpricedSince + UNPRICED_SECONDS > block.timestamp) {
            pricer.refuseUnpriced(market, marks.unpricedExpiry);
        }
        Progress memory state = Progress({
            left: maxRequests, entering: _netAssets(marks.entering), leaving: _netAssets(marks.leaving), idle: _idle
        });
        // Without all prices nobody knows what a newcomer should pay: only leavers are served, at the least value.
        bool priced = marks.unpricedSince == 0;
        if (priced && !depositsPaused) _processDeposits(state);
        _processRedemptions(state, priced);
        _setAssets(state.idle, _locked);
        processed = maxRequests - state.left;
        if (processed == 0) _refuse(priced && !depositsPaused);
    }

    /// @dev Releases what is settled. Backwards, as a release moves the last series into the gap.
    function _releaseSettled() private {
        uint256 i = _open.items.length;
        while (i != 0) {
            if (_open.items[--i].series().expiry() <= block.timestamp) _release(i);
        }
    }

    function _processDeposits(Progress memory state) private {
        while (state.left != 0) {
            (uint256 id, RequestQueue.Request storage request) = _deposits.front();
            if (id == 0 || request.readyAt > block.timestamp) return;
            uint256 pending = request.pending;
            --state.left;
            if (pending == 0) {
                _deposits.pop();
                continue;
            }
            uint256 assets = pending.min(uint256(_depositCap).zeroFloorSub(state.idle + _locked));
            if (assets == 0) {
                ++state.left;
                return;
            }
            uint256 shares = _sharesFor(assets, state.entering);
            address controller = request.controller;
            _deposits.fill(id, assets, assets, shares);
            if (assets == pending) _deposits.pop();
            _pendingAssets -= assets;
            _claimableShares += shares;
            state.entering += assets;
            state.leaving += assets;
            state.idle += assets;
            _mint(address(this), shares);
            emit DepositProcessed(id, controller, assets, shares);
        }
    }

    function _processRedemptions(Progress memory state, bool priced) private {
        while (state.left != 0) {
            (uint256 id, RequestQueue.Request storage request) = _redemptions.front();
            if (id == 0 || request.readyAt > block.timestamp) return;
            uint256 pending = request.pending;
            --state.left;
            if (pending == 0) {
                _redemptions.pop();
                continue;
            }
            uint256 shares = pending;
            if (!priced) shares = shares.min(totalSupply().zeroFloorSub(KEPT_SHARES * _virtualShares()));
            uint256 assets = _assetsFor(shares, state.leaving);
            // Nobody is bought out with nothing: where all is locked and counted as owed, leavers wait.
            if (assets > state.idle || state.idle == 0) {
                shares = state.idle.fullMulDiv(totalSupply() + _virtualShares(), state.leaving + VIRTUAL_ASSETS);
                assets = _assetsFor(shares, state.leaving);
            }
            if (shares == 0) {
                ++state.left;
                return;
            }
            address controller = request.controller;
            _redemptions.fill(id, shares, assets, shares);
            if (shares == pending) _redemptions.pop();
            _pendingShares -= shares;
            _claimableAssets += assets;
            state.entering -= assets;
            state.leaving -= assets;
            state.idle -= assets;
            _burn(address(this), shares);
            emit RedeemProcessed(id, controller, shares, assets, shares == pending);
            if (shares != pending) return;
        }
    }

    /// @dev Says why nothing was processed: the earliest notice still running, or nothing that can be.
    function _refuse(bool deposits) private view {
        (uint256 id, RequestQueue.Request storage request) = _redemptions.front();
        uint256 readyAt = id == 0 ? type(uint256).max : request.readyAt;
        if (deposits) {
            (id, request) = _deposits.front();
            if (id != 0) readyAt = readyAt.min(request.readyAt);
        }
        if (readyAt > block.timestamp && readyAt != type(uint256).max) revert NoticeNotOver(readyAt, block.timestamp);
        revert NothingToProcess();
    }

    function _virtualShares() internal view returns (uint256) {
        return VIRTUAL_ASSETS * scale;
    }

    function _sharesFor(uint256 assets, uint256 entering) internal view returns (uint256) {
        return assets.fullMulDiv(totalSupply() + _virtualShares(), entering + VIRTUAL_ASSETS);
    }

    function _assetsFor(uint256 shares, uint256 leaving) internal view returns (uint256) {
        return shares.fullMulDiv(leaving + VIRTUAL_ASSETS, totalSupply() + _virtualShares()).min(leaving);
    }

    // --- claims, booked by VaultShares ---

    /// @dev Takes `assets` and `shares` of a controller's processed deposits.
    function _claimDeposit(address controller, uint256 assets, uint256 shares, address receiver) internal {
        _deposits.claim(controller, assets, shares);
        _claimableShares -= shares;
        _transfer(address(this), receiver, shares);
    }

    /// @dev Takes `assets` and `shares` of a controller's processed redemptions.
    function _claimRedemption(address controller, uint256 assets, uint256 shares, address receiver) internal {
        _redemptions.claim(controller, assets, shares);
        _claimableAssets -= assets;
        _pay(receiver, assets, Funds.WALLET);
    }

    // --- views ---

    /// @inheritdoc IERC7540Deposit
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _deposits.pendingOf(requestId, controller);
    }

    /// @inheritdoc IERC7540Redeem
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _redemptions.pendingOf(requestId, controller);
    }

    /// @inheritdoc IERC7540Deposit
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _deposits.claimableOf(requestId, controller, _deposits.claims[controller].assets);
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _redemptions.claimableOf(requestId, controller, _redemptions.claims[controller].shares);
    }

    /// @inheritdoc IOptionVault
    function queueTotals() external view returns (uint256, uint256, uint256, uint256) {
        return (_pendingAssets, _pendingShares, _claimableAssets, _claimableShares);
    }

    // --- who ---

    /// @dev The caller is `account` or its operator.
    function _authorise(address account) internal view {
        if (msg.sender != account && !isOperator[account][msg.sender]) revert NotController(account, msg.sender);
    }

    function _checkController(address controller) private view {
        if (controller == address(0) || controller == address(this)) revert IClearinghouse.BadReceiver(controller);
    }
}
// slither-disable-end incorrect-equality
