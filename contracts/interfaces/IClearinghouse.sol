// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BookKey, SeriesId} from "../libraries/SeriesId.sol";

/// @notice Holds all collateral, keeps every account's free balance and books, and is the only minter of option tokens.
/// @dev The one rule of solvency: an account may hold any legs as long as its locked collateral covers its worst loss
/// over every settlement price. Assets are in a token's own units; option amounts are WAD, multiples of 1e10.
interface IClearinghouse {
    /// @notice A plain book holds written legs only, each on its own; a netted book also holds longs, at most `MAX_LEGS`.
    enum BookKind {
        NONE,
        PLAIN,
        NETTED,
        SETTLED
    }

    /// @param kind What the book is.
    /// @param legCount Number of nonzero legs.
    /// @param locked Collateral locked for the book, token units.
    struct Book {
        BookKind kind;
        uint16 legCount;
        uint128 locked;
    }

    /// @param strike Units of 1e-8.
    /// @param amount WAD; negative written, positive placed.
    struct Leg {
        uint64 strike;
        int128 amount;
    }

    /// @notice What a batch does for one account.
    /// @param account Whose book is settled or whose options are redeemed.
    /// @param series Which; a strike of zero stands for the netted book of that market, side and expiry.
    struct Item {
        address account;
        SeriesId series;
    }

    event Deposited(address indexed account, address indexed token, uint256 assets);
    event Withdrawn(address indexed account, address indexed token, address indexed receiver, uint256 assets);
    event Paid(address indexed from, address indexed to, address indexed token, uint256 assets);
    event Written(
        address indexed account, SeriesId indexed series, uint256 amount, address indexed receiver, uint256 locked
    );
    event Closed(
        address indexed account, SeriesId indexed series, uint256 amount, address indexed holder, uint256 locked
    );
    event Placed(address indexed account, SeriesId indexed series, uint256 amount, uint256 locked);
    event TakenBack(
        address indexed account, SeriesId indexed series, uint256 amount, address indexed receiver, uint256 locked
    );
    event BookNetted(address indexed account, BookKey indexed key, uint256 locked);
    /// @param owed What the book owed to holders, token units; negative when the pool paid the book.
    /// @param released What was unlocked to the free balance besides.
    event BookSettled(address indexed account, BookKey indexed key, uint64 strike, int256 owed, uint256 released);
    event Redeemed(
        address indexed holder,
        SeriesId indexed series,
        uint256 amount,
        address receiver,
        uint256 assets,
        bool toFreeBalance
    );
    event OperatorSet(address indexed account, address indexed operator, uint8 flags);
    event RedeemForSet(address indexed account, bool allowed);
    event FeeAccrued(BookKey indexed key, address indexed payer, uint256 assets);
    event FeesCollected(
        BookKey indexed key, address indexed settler, uint256 bounty, address indexed treasury, uint256 rest
    );
    /// @notice Paid to `caller`'s free balance for settling a book of, or redeeming for, `account`.
    event BountyPaid(BookKey indexed key, address indexed caller, address indexed account, uint256 bounty);
    event TreasurySet(address treasury);
    event WrappedNativeSet(address token);
    event BountyCapSet(address indexed token, uint256 cap);
    event WritesPaused(bool paused);

    error InsufficientFreeBalance(address account, address token, uint256 assets, uint256 free);
    error NotAuthorised(address account, address caller, uint8 flag);
    error UnlistedSeries(SeriesId series);
    error BadAmount(uint256 amount);
    error Expired(SeriesId series);
    error BookAlreadySettled(address account, BookKey key);
    error WrongBookKind(address account, BookKey key, BookKind kind);
    error LegsMismatch(uint256 given, uint256 held);
    error LegsNotAscending(uint64 previous, uint64 strike);
    error TooManyLegs(uint256 legs, uint256 limit);
    error LegTooSmall(SeriesId series, uint256 held, uint256 amount);
    error BadToken(address token);
    error BadReceiver(address receiver);
    error TransferAmountMismatch(address token, uint256 expected, uint256 received);
    error RedeemForNotAllowed(address holder);
    error NothingToSettle(address account, SeriesId series);
    error Paused();
    error UnlistedBook(BookKey key);
    error EmptyLeg(SeriesId series);
    error UnknownFlags(uint8 flags);
    error TreasuryNotSet();
    error NoWrappedNative(uint256 value);
    error WrappedNativeIsSet(address token);
    error NestedMulticall();

    // --- several calls in one ---

    /// @notice Makes each call in the caller's name, all or none. Value is wrapped once, before the first, and credited to
    /// the caller's free balance. Not within another.
    /// @return results What each call answered.
    function multicall(bytes[] calldata calls) external payable returns (bytes[] memory results);

    // --- collateral ---

    /// @notice Moves tokens in and credits the caller only. Fee-taking tokens are refused.
    function deposit(address token, uint256 assets) external;

    /// @notice The same after an ERC-2612 permit of the caller for `assets`. A permit that somebody else has used before, or
    /// that the token refuses, is no reason to fail as long as the allowance is there.
    function depositWithPermit(address token, uint256 assets, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Pays free balance out. Never paused. The caller's own, to any receiver.
    function withdraw(address token, uint256 assets, address receiver) external;

    /// @notice Pays an owner's free balance to that owner; needs the WITHDRAW flag.
    function withdrawFor(address account, address token, uint256 assets) external;

    /// @notice Moves free balance between accounts. The payer is the caller or has given it the TRADE flag.
    function pay(address from, address to, address token, uint256 assets) external;

    // --- books ---

    /// @notice Writes `amount` of a listed series in `account`'s book and mints the tokens to `receiver`.
    function write(address account, SeriesId series, uint256 amount, address receiver) external;

    /// @notice Burns `amount` of `holder`'s tokens against `account`'s written leg. Allowed until the book settles, never paused.
    function close(address account, SeriesId series, uint256 amount, address holder) external;

    /// @notice Turns a plain (or empty) book into a netted one. `strikes` names exactly its legs, ascending.
    function net(address account, BookKey key, uint64[] calldata strikes) external;

    /// @notice Burns `amount` of `account`'s tokens into its netted book as a long. A written leg at the strike shrinks first.
    function place(address account, SeriesId series, uint256 amount) external;

    /// @notice Takes a long out of a netted book again and mints it to `receiver`.
    function takeBack(address account, SeriesId series, uint256 amount, address receiver) external;

    /// @notice Settles one leg of a plain book after its settlement price is known. Anybody may call.
    function settleLeg(address account, SeriesId series) external;

    /// @notice Settles a netted book. Anybody may call.
    function settleBook(address account, BookKey key) external;

    /// @notice Settles legs of plain books and netted books of any accounts. What is settled already, or was never there, is
    /// skipped; an expiry without a settlement price reverts.
    /// @return done Which items this call settled.
    function settleMany(Item[] calldata items) external returns (bool[] memory done);

    /// @notice Redeems `amount` of the caller's settled longs and pays `receiver` out.
    function redeem(SeriesId series, uint256 amount, address receiver) external returns (uint256 assets);

    /// @notice Redeems a holder's whole balance to the holder's free balance; the holder has no code or has opted in.
    function redeemFor(address holder, SeriesId series) external returns (uint256 assets);

    /// @notice `redeemFor` many. Holders without a balance, or with code and without consent, are skipped; an expiry without
    /// a settlement price reverts.
    /// @return done Which items this call redeemed.
    function redeemMany(Item[] calldata items) external returns (bool[] memory done);

    // --- rights and fees ---

    /// @notice Gives an operator flags over the caller's account: 1 TRADE, 2 WITHDRAW. Zero takes them away.
    function setOperator(address operator, uint8 flags) external;

    /// @notice Whether anybody may redeem for the caller although it has code.
    function setRedeemFor(bool allowed) external;

    /// @notice Pays a trading fee in the settlement asset from the caller's free balance into the pot of a (market, side, expiry).
    function accrueFee(BookKey key, uint256 assets) external;

    /// @notice The same from the free balance of a payer that has given the caller the TRADE flag.
    function accrueFeeFor(address payer, BookKey key, uint256 assets) external;

    /// @notice After settlement: pays the bounty of who proved the price, at most a tenth of what the pot collected and half
    /// its cap, and to the treasury what is not kept for those who settle books and redeem for others. Both have their
    /// share in whatever order and however often this is called. Never reverts for an empty pot.
    function collectFees(BookKey key) external returns (uint256 bounty, uint256 rest);

    /// @notice Where the rest of collected fees goes. Restricted. Never zero.
    function setTreasury(address treasury) external;

    /// @notice What value sent to `multicall` is wrapped into. Restricted; once and for all.
    function setWrappedNative(address token) external;

    /// @notice The most that bounties are paid from one pot in `token`. Zero: a fifth of the pot is the only limit. Restricted.
    function setBountyCap(address token, uint256 cap) external;

    /// @notice Stops or allows writing and placing. Nothing else can be paused. Restricted.
    function setWritesPaused(bool paused) external;

    // --- views ---

    function freeBalance(address account, address token) external view returns (uint256);
    function book(address account, BookKey key) external view returns (Book memory);
    function leg(address account, SeriesId series) external view returns (int256 amount);
    /// @notice The legs of a netted book, ascending; empty for a plain one, whose legs are known by their series alone.
    function legs(address account, BookKey key) external view returns (Leg[] memory);
    /// @notice Accounts with code that let anybody redeem for them.
    function redeemForAllowed(address account) external view returns (bool);
    /// @notice The most legs of a netted book.
    function MAX_LEGS() external view returns (uint256);
    function operatorFlags(address account, address operator) external view returns (uint8);
    function feePot(BookKey key) external view returns (uint256);
    /// @notice What bounties have been paid from a pot so far.
    function bountyPaid(BookKey key) external view returns (uint256);
    /// @notice What `collectFees` would pay now: to who proved the price, and to the treasury.
    function feesDue(BookKey key) external view returns (uint256 bounty, uint256 rest);
    /// @notice What an item that credits `credited` to somebody else would pay its caller now.
    function bountyOf(BookKey key, uint256 credited) external view returns (uint256);
    function bountyCap(address token) external view returns (uint256);
    function treasury() external view returns (address);
    function writesPaused() external view returns (bool);
    /// @notice What value sent to `multicall` is wrapped into; zero where value is refused: until it is set.
    function wrappedNative() external view returns (address);
    function optionToken() external view returns (address);
    function markets() external view returns (address);
    /// @notice What `amount` of a settled series pays its holder, rounded down.
    function payoff(SeriesId series, uint256 amount) external view returns (uint256 assets);
}
