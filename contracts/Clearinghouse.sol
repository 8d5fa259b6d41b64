// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {OptionToken} from "./OptionToken.sol";
import {IClearinghouse} from "./interfaces/IClearinghouse.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IOptionToken} from "./interfaces/IOptionToken.sol";
import {BookRequirement} from "./libraries/BookRequirement.sol";
import {NettedLegs} from "./libraries/NettedLegs.sol";
import {Payoff} from "./libraries/Payoff.sol";
import {BookKey, SeriesId, Side} from "./libraries/SeriesId.sol";

/// @title Clearinghouse
/// @notice One pot of tokens and one ledger over it: free balances, and books whose locked collateral covers their worst
/// loss over every settlement price.
/// @dev Per token, always: held >= free balances + locked in unsettled books + what settled books owed - paid to holders.
/// Holders may redeem before writers' books are settled; what those have locked covers it. Tokens sent here by a plain
/// transfer belong to nobody and change nothing. Rebasing tokens must not be listed.
contract Clearinghouse is IClearinghouse, AccessManaged, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeCast for int256;
    using SafeERC20 for IERC20;
    using NettedLegs for NettedLegs.Stored;

    /// @notice May trade for an account: write, close, net, place, take back, and pay from its free balance.
    uint8 public constant TRADE = 1;

    /// @notice May withdraw an account's free balance, to that account only.
    uint8 public constant WITHDRAW = 2;

    /// @inheritdoc IClearinghouse
    uint256 public constant MAX_LEGS = BookRequirement.MAX_LEGS;

    /// @notice Option amounts are multiples of this: 1e-8 contracts.
    uint256 public constant AMOUNT_UNIT = 1e10;

    /// @notice Settlers get at most this part of a pot.
    uint256 public constant BOUNTY_DIVISOR = 5;

    /// @dev The settlement asset of one side and the WAD of one of its units.
    struct Asset {
        address token;
        uint64 scale;
    }

    struct Pot {
        uint128 assets;
        uint128 bountyPaid;
    }

    /// @inheritdoc IClearinghouse
    address public immutable markets;

    /// @inheritdoc IClearinghouse
    address public immutable optionToken;

    /// @inheritdoc IClearinghouse
    address public treasury;

    /// @inheritdoc IClearinghouse
    bool public writesPaused;

    /// @inheritdoc IClearinghouse
    mapping(address account => mapping(address token => uint256)) public freeBalance;

    /// @inheritdoc IClearinghouse
    mapping(address account => mapping(address operator => uint8)) public operatorFlags;

    /// @inheritdoc IClearinghouse
    mapping(address token => uint256) public bountyCap;

    /// @inheritdoc IClearinghouse
    mapping(address account => bool) public redeemForAllowed;

    mapping(address account => mapping(BookKey => Book)) private _books;
    /// @dev Written amount of a plain leg, WAD.
    mapping(address account => mapping(SeriesId => uint256)) private _written;
    mapping(address account => mapping(BookKey => NettedLegs.Stored)) private _netted;
    mapping(BookKey => Pot) private _pots;
    /// @dev Read from Markets once: what is listed there never changes.
    mapping(uint16 market => mapping(Side => Asset)) private _assets;

    /// @param access The AccessManager that says who may pause and name the treasury.
    /// @param markets_ The Markets whose series are cleared here.
    /// @param renderer The IOptionRenderer of the option tokens, for ever.
    constructor(address access, address markets_, address renderer) AccessManaged(access) {
        markets = markets_;
        optionToken = address(new OptionToken(renderer));
    }

    // --- collateral ---

    /// @inheritdoc IClearinghouse
    function deposit(address token, uint256 assets) external nonReentrant {
        require(assets != 0, BadAmount(assets));
        require(token.code.length != 0, BadToken(token));
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), assets);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
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

    // --- books ---

    /// @inheritdoc IClearinghouse
    function write(address account, SeriesId series, uint256 amount, address receiver) external nonReentrant {
        _requireAuthority(account, TRADE);
        require(!writesPaused, Paused());
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        if (b.kind == BookKind.NETTED) {
            _requireListed(series);
            _changeNetted(account, key, b, series.strike(), -int256(amount));
        } else {
            uint256 written = _written[account][series];
            // A leg that exists was listed when it was first written, and listings are for ever.
            if (written == 0) _requireListed(series);
            b.kind = BookKind.PLAIN;
            _changePlain(account, series, b, written, written + amount);
        }
        emit Written(account, series, amount, receiver, b.locked);
        IOptionToken(optionToken).mint(receiver, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function close(address account, SeriesId series, uint256 amount, address holder) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireAuthority(holder, TRADE);
        _requireAmount(amount);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind != BookKind.SETTLED, BookAlreadySettled(account, key));
        if (b.kind == BookKind.NETTED) {
            int256 before = _changeNetted(account, key, b, series.strike(), int256(amount));
            require(before <= -int256(amount), LegTooSmall(series, before < 0 ? uint256(-before) : 0, amount));
        } else {
            uint256 written = _written[account][series];
            require(written >= amount, LegTooSmall(series, written, amount));
            _changePlain(account, series, b, written, written - amount);
        }
        emit Closed(account, series, amount, holder, b.locked);
        IOptionToken(optionToken).burn(holder, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function net(address account, BookKey key, uint64[] calldata strikes) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireListedBook(key);
        require(block.timestamp < key.expiry(), Expired(key.series(0)));
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NONE || b.kind == BookKind.PLAIN, WrongBookKind(account, key, b.kind));
        uint256 count = strikes.length;
        require(count == b.legCount, LegsMismatch(count, b.legCount));
        require(count <= MAX_LEGS, TooManyLegs(count, MAX_LEGS));

        Leg[] memory all = new Leg[](count);
        NettedLegs.Stored storage stored = _netted[account][key];
        uint64 previous;
        for (uint256 i; i < count; ++i) {
            uint64 strike = strikes[i];
            require(strike > previous, LegsNotAscending(previous, strike));
            previous = strike;
            SeriesId series = key.series(strike);
            uint256 written = _written[account][series];
            require(written != 0, EmptyLeg(series));
            delete _written[account][series];
            // `_changePlain` keeps every written amount within int128.
            // forge-lint: disable-next-line(unsafe-typecast)
            all[i] = Leg(strike, -int128(int256(written)));
            stored.slots[i] = all[i];
        }
        b.kind = BookKind.NETTED;
        Asset memory asset = _assetOf(key);
        _setLocked(account, key, b, asset.token, BookRequirement.required(key.side(), all, asset.scale));
        emit BookNetted(account, key, b.locked);
    }

    /// @inheritdoc IClearinghouse
    function place(address account, SeriesId series, uint256 amount) external nonReentrant {
        _requireAuthority(account, TRADE);
        require(!writesPaused, Paused());
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        _requireListed(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NETTED, WrongBookKind(account, key, b.kind));
        _changeNetted(account, key, b, series.strike(), int256(amount));
        emit Placed(account, series, amount, b.locked);
        IOptionToken(optionToken).burn(account, SeriesId.unwrap(series), amount);
    }

    /// @inheritdoc IClearinghouse
    function takeBack(address account, SeriesId series, uint256 amount, address receiver) external nonReentrant {
        _requireAuthority(account, TRADE);
        _requireAmount(amount);
        _requireBeforeExpiry(series);
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        require(b.kind == BookKind.NETTED, WrongBookKind(account, key, b.kind));
        int256 before = _changeNetted(account, key, b, series.strike(), -int256(amount));
        require(before >= int256(amount), LegTooSmall(series, before > 0 ? uint256(before) : 0, amount));
        emit TakenBack(account, series, amount, receiver, b.locked);
        IOptionToken(optionToken).mint(receiver, SeriesId.unwrap(series), amount);
    }

    // --- settlement ---

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

    // --- rights and fees ---

    /// @inheritdoc IClearinghouse
    function setOperator(address operator, uint8 flags) external {
        require(flags <= TRADE | WITHDRAW, UnknownFlags(flags));
        operatorFlags[msg.sender][operator] = flags;
        emit OperatorSet(msg.sender, operator, flags);
    }

    /// @inheritdoc IClearinghouse
    function setRedeemFor(bool allowed) external {
        redeemForAllowed[msg.sender] = allowed;
        emit RedeemForSet(msg.sender, allowed);
    }

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
        _pots[key] = Pot(0, (pot.bountyPaid + bounty).toUint128());
        freeBalance[settler][token] += bounty;
        freeBalance[to][token] += rest;
        emit FeesCollected(key, settler, bounty, to, rest);
    }

    /// @inheritdoc IClearinghouse
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
    function setWritesPaused(bool paused) external restricted {
        writesPaused = paused;
        emit WritesPaused(paused);
    }

    // --- views ---

    /// @inheritdoc IClearinghouse
    function book(address account, BookKey key) external view returns (Book memory) {
        return _books[account][key];
    }

    /// @inheritdoc IClearinghouse
    function leg(address account, SeriesId series) external view returns (int256 amount) {
        BookKey key = series.bookKey();
        Book memory b = _books[account][key];
        if (b.kind == BookKind.NETTED) return _netted[account][key].amountAt(b.legCount, series.strike());
        return -int256(_written[account][series]);
    }

    /// @inheritdoc IClearinghouse
    function legs(address account, BookKey key) external view returns (Leg[] memory) {
        Book memory b = _books[account][key];
        return _netted[account][key].load(b.kind == BookKind.NETTED ? b.legCount : 0);
    }

    /// @inheritdoc IClearinghouse
    function feePot(BookKey key) external view returns (uint256) {
        return _pots[key].assets;
    }

    /// @inheritdoc IClearinghouse
    function bountyPaid(BookKey key) external view returns (uint256) {
        return _pots[key].bountyPaid;
    }

    /// @inheritdoc IClearinghouse
    function payoff(SeriesId series, uint256 amount) external view returns (uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        (, uint8 decimals) = IMarkets(markets).settlementAsset(series.market(), series.side());
        return Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, Payoff.scaleOf(decimals));
    }

    // --- inside ---

    function _withdraw(address account, address token, uint256 assets, address receiver) private {
        require(assets != 0, BadAmount(assets));
        _requireReceiver(receiver);
        _debit(account, token, assets);
        emit Withdrawn(account, token, receiver, assets);
        IERC20(token).safeTransfer(receiver, assets);
    }

    function _debit(address account, address token, uint256 assets) private {
        uint256 free = freeBalance[account][token];
        require(free >= assets, InsufficientFreeBalance(account, token, assets, free));
        unchecked {
            // free >= assets
            freeBalance[account][token] = free - assets;
        }
    }

    /// @dev Sets a plain leg from `before` to `afterwards`. Each leg's requirement is recomputed from its whole amount, so
    /// that many small changes round no differently from one.
    function _changePlain(address account, SeriesId series, Book memory b, uint256 before, uint256 afterwards) private {
        require(afterwards <= uint256(uint128(type(int128).max)), BadAmount(afterwards));
        BookKey key = series.bookKey();
        Asset memory asset = _assetOf(key);
        (Side side, uint256 strike) = (series.side(), series.strikeWad());
        if (before == 0) ++b.legCount;
        if (afterwards == 0) --b.legCount;
        _written[account][series] = afterwards;
        uint256 locked = uint256(b.locked) - Payoff.collateralUp(side, strike, before, asset.scale)
            + Payoff.collateralUp(side, strike, afterwards, asset.scale);
        _setLocked(account, key, b, asset.token, locked);
    }

    /// @dev Adds a signed amount to a leg of a netted book and locks what the whole book requires then.
    /// @return before The leg's amount before the change.
    function _changeNetted(address account, BookKey key, Book memory b, uint64 strike, int256 change)
        private
        returns (int256 before)
    {
        Leg[] memory all;
        (all, before) = _netted[account][key].add(b.legCount, strike, change);
        b.legCount = uint16(all.length);
        Asset memory asset = _assetOf(key);
        _setLocked(account, key, b, asset.token, BookRequirement.required(key.side(), all, asset.scale));
    }

    /// @dev Stores the book with its new locked collateral and moves the difference from or to the free balance.
    function _setLocked(address account, BookKey key, Book memory b, address token, uint256 locked) private {
        uint256 before = b.locked;
        b.locked = locked.toUint128();
        _books[account][key] = b;
        if (locked > before) _debit(account, token, locked - before);
        else if (locked < before) freeBalance[account][token] += before - locked;
    }

    /// @dev Burns settled longs and says what they pay.
    function _redeem(address holder, SeriesId series, uint256 amount) private returns (address token, uint256 assets) {
        uint256 price = IMarkets(markets).settlementPrice(series.market(), series.expiry());
        IOptionToken(optionToken).burn(holder, SeriesId.unwrap(series), amount);
        Asset memory asset = _assetOf(series.bookKey());
        token = asset.token;
        assets = Payoff.payoffDown(series.side(), series.strikeWad(), price, amount, asset.scale);
    }

    function _assetOf(BookKey key) private returns (Asset memory asset) {
        (uint16 market, Side side) = (key.market(), key.side());
        asset = _assets[market][side];
        if (asset.token == address(0)) {
            (address token, uint8 decimals) = IMarkets(markets).settlementAsset(market, side);
            asset = Asset(token, Payoff.scaleOf(decimals).toUint64());
            _assets[market][side] = asset;
        }
    }

    function _requireAuthority(address account, uint8 flag) private view {
        require(
            account == msg.sender || operatorFlags[account][msg.sender] & flag != 0,
            NotAuthorised(account, msg.sender, flag)
        );
    }

    function _requireReceiver(address receiver) private view {
        require(receiver != address(0) && receiver != address(this), BadReceiver(receiver));
    }

    function _requireAmount(uint256 amount) private pure {
        require(
            amount != 0 && amount % AMOUNT_UNIT == 0 && amount <= uint256(uint128(type(int128).max)), BadAmount(amount)
        );
    }

    function _requireBeforeExpiry(SeriesId series) private view {
        require(block.timestamp < series.expiry(), Expired(series));
    }

    function _requireListed(SeriesId series) private view {
        require(IMarkets(markets).isListed(series), UnlistedSeries(series));
    }

    /// @dev A key has no bits above its fields, else one book or pot could go by several names.
    function _requireListedBook(BookKey key) private view {
        uint256 raw = BookKey.unwrap(key);
        require(
            raw >> 64 == 0 && uint8(raw >> 40) <= uint8(type(Side).max)
                && IMarkets(markets).isExpiryListed(key.market(), key.expiry()),
            UnlistedBook(key)
        );
    }
}
