// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKey, Side} from "../libraries/SeriesId.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingCollateral
/// @notice Free balances: what comes in, what goes out, and who may do it for whom.
abstract contract ClearingCollateral is IClearinghouse, AccessManaged, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev The settlement asset of one side and the WAD of one of its units.
    struct Asset {
        address token;
        uint64 scale;
    }

    /// @notice May trade for an account: write, close, net, place, take back, and pay from its free balance.
    uint8 public constant TRADE = 1;

    /// @notice May withdraw an account's free balance, to that account only.
    uint8 public constant WITHDRAW = 2;

    /// @inheritdoc IClearinghouse
    address public immutable markets;

    /// @inheritdoc IClearinghouse
    mapping(address account => mapping(address token => uint256)) public freeBalance;

    /// @inheritdoc IClearinghouse
    mapping(address account => mapping(address operator => uint8)) public operatorFlags;

    /// @dev Read from Markets once: what is listed there never changes.
    mapping(uint16 market => mapping(Side => Asset)) private _assets;

    constructor(address access, address markets_) AccessManaged(access) {
        markets = markets_;
    }

    /// @inheritdoc IClearinghouse
    function deposit(address token, uint256 assets) external nonReentrant {
        require(assets != 0, BadAmount(assets));
        require(token.code.length != 0, BadToken(token));
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), assets);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        // Exactly: a token that takes or gives a unit on its way is refused.
        // slither-disable-next-line incorrect-equality
        require(received == assets, TransferAmountMismatch(token, assets, received));
        freeBalance[msg.sender][token] += assets;
        emit Deposited(msg.sender, token, assets);
    }

    /// @inheritdoc IClearinghouse
    function withdraw(address token, uint256 assets, address receiver) external nonReentrant {
        _withdraw(msg.sender, token, assets, receiver);
    }

    /// @inheritdoc IClearinghouse
    function withdrawFor(address account, address token, uint256 assets) external nonReentrant {
        _requireAuthority(account, WITHDRAW);
        _withdraw(account, token, assets, account);
    }

    /// @inheritdoc IClearinghouse
    function pay(address from, address to, address token, uint256 assets) external nonReentrant {
        _requireAuthority(from, TRADE);
        _requireReceiver(to);
        _debit(from, token, assets);
        freeBalance[to][token] += assets;
        emit Paid(from, to, token, assets);
    }

    /// @inheritdoc IClearinghouse
    function setOperator(address operator, uint8 flags) external {
        require(flags <= TRADE | WITHDRAW, UnknownFlags(flags));
        operatorFlags[msg.sender][operator] = flags;
        emit OperatorSet(msg.sender, operator, flags);
    }

    // --- inside ---

    function _withdraw(address account, address token, uint256 assets, address receiver) private {
        require(assets != 0, BadAmount(assets));
        _requireReceiver(receiver);
        _debit(account, token, assets);
        emit Withdrawn(account, token, receiver, assets);
        IERC20(token).safeTransfer(receiver, assets);
    }

    function _debit(address account, address token, uint256 assets) internal {
        uint256 free = freeBalance[account][token];
        require(free >= assets, InsufficientFreeBalance(account, token, assets, free));
        unchecked {
            // free >= assets
            freeBalance[account][token] = free - assets;
        }
    }

    function _assetOf(BookKey key) internal returns (Asset memory asset) {
        (uint16 market, Side side) = (key.market(), key.side());
        asset = _assets[market][side];
        if (asset.token == address(0)) {
            (address token, uint8 decimals) = IMarkets(markets).settlementAsset(market, side);
            asset = Asset(token, Payoff.scaleOf(decimals).toUint64());
            _assets[market][side] = asset;
        }
    }

    function _requireAuthority(address account, uint8 flag) internal view {
        require(
            account == msg.sender || operatorFlags[account][msg.sender] & flag != 0,
            NotAuthorised(account, msg.sender, flag)
        );
    }

    function _requireReceiver(address receiver) internal view {
        require(receiver != address(0) && receiver != address(this), BadReceiver(receiver));
    }

    /// @dev A key has no bits above its fields, else one book or pot could go by several names.
    function _requireListedBook(BookKey key) internal view {
        uint256 raw = BookKey.unwrap(key);
        require(
            raw >> 64 == 0 && uint8(raw >> 40) <= uint8(type(Side).max)
                && IMarkets(markets).isExpiryListed(key.market(), key.expiry()),
            UnlistedBook(key)
        );
    }
}
