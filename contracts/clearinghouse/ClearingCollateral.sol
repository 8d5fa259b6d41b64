// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IWrappedNative} from "../interfaces/IWrappedNative.sol";
import {Payoff} from "../libraries/Payoff.sol";
import {BookKey, Side} from "../libraries/SeriesId.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title ClearingCollateral
/// @notice Free balances: what comes in, what goes out, who may do it for whom, and several calls in one.
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
    address public wrappedNative;

    /// @dev Whose multicall is running; zero outside of one.
    address private transient _multicaller;

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
    /// @dev Each call is a call of this contract to itself without value, in the name of the caller (`_msgSender`). A
    /// delegated call would see the same `msg.value` each time, so that no function but a payable one could be called,
    /// and value could be counted twice; this way there is none to count after the first line.
    // What is called in the middle finds `_multicaller` set, which shuts this function, and the guard of each call.
    // slither-disable-next-line reentrancy-eth
    function multicall(bytes[] calldata calls) external payable returns (bytes[] memory results) {
        // Whoever is called in the middle of another function must neither act in its caller's name nor move balances.
        require(!_reentrancyGuardEntered(), ReentrancyGuardReentrantCall());
        require(_multicaller == address(0), NestedMulticall());
        _multicaller = msg.sender;
        if (msg.value != 0) _wrap();
        uint256 count = calls.length;
        results = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            results[i] = Address.functionCall(address(this), calls[i]);
        }
        _multicaller = address(0);
    }

    /// @inheritdoc IClearinghouse
    function deposit(address token, uint256 assets) external nonReentrant {
        _deposit(token, assets);
    }

    /// @inheritdoc IClearinghouse
    // The guard is held through both calls, and what is credited is what arrives in the second.
    // slither-disable-next-line reentrancy-benign
    function depositWithPermit(address token, uint256 assets, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        require(token.code.length != 0, BadToken(token));
        // A permit can be taken from the pool of transactions and used by anybody before; then the allowance is there.
        // Whether it is decides the transfer below, which moves the caller's own tokens or none.
        try IERC20Permit(token).permit(_msgSender(), address(this), assets, deadline, v, r, s) {} catch {}
        _deposit(token, assets);
    }

    /// @inheritdoc IClearinghouse
    function withdraw(address token, uint256 assets, address receiver) external nonReentrant {
        _withdraw(_msgSender(), token, assets, receiver);
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
        address account = _msgSender();
        operatorFlags[account][operator] = flags;
        emit OperatorSet(account, operator, flags);
    }

    /// @inheritdoc IClearinghouse
    /// @dev No argument of the constructor, so that this contract has one address on every chain.
    function setWrappedNative(address token) external restricted {
        address before = wrappedNative;
        require(before == address(0), WrappedNativeIsSet(before));
        require(token.code.length != 0, BadToken(token));
        wrappedNative = token;
        emit WrappedNativeSet(token);
    }

    // --- inside ---

    /// @dev Nothing but `multicall` makes this contract call itself.
    function _msgSender() internal view override returns (address) {
        return msg.sender == address(this) ? _multicaller : msg.sender;
    }

    /// @dev The value of the whole multicall, credited once, before any of its calls.
    // The guard is held while the wrapped coin is called.
    // slither-disable-next-line reentrancy-benign
    function _wrap() private nonReentrant {
        address token = wrappedNative;
        require(token != address(0), NoWrappedNative(msg.value));
        uint256 before = IERC20(token).balanceOf(address(this));
        IWrappedNative(token).deposit{value: msg.value}();
        _credit(token, msg.value, before);
    }

    function _deposit(address token, uint256 assets) private {
        require(assets != 0, BadAmount(assets));
        require(token.code.length != 0, BadToken(token));
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(_msgSender(), address(this), assets);
        _credit(token, assets, before);
    }

    /// @dev Credits the caller with what arrived, which must be all of it.
    function _credit(address token, uint256 assets, uint256 before) private {
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        // Exactly: a token that takes or gives a unit on its way is refused.
        // slither-disable-next-line incorrect-equality
        require(received == assets, TransferAmountMismatch(token, assets, received));
        address account = _msgSender();
        freeBalance[account][token] += assets;
        emit Deposited(account, token, assets);
    }

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
        address caller = _msgSender();
        require(account == caller || operatorFlags[account][caller] & flag != 0, NotAuthorised(account, caller, flag));
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
