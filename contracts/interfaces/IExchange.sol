// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId} from "../libraries/SeriesId.sol";

/// @notice Fills signed orders, at a premium or at a volatility, out of the free balances and books of the Clearinghouse.
/// @dev Holds nothing. Acts only for its caller or for who signed: both give it the TRADE flag in the Clearinghouse, and
/// who sells option tokens that it holds also the ERC-1155 approval (`setApprovalForAll`).
///
/// Amounts are contracts in WAD, multiples of 1e10; premiums, fees and limits of a fill are units of the order's premium
/// token; prices are that token's WAD a contract; volatilities and fractions are WAD.
///
/// A maker's limit is all that it pays or gets: the fee is the taker's, on top of what it pays or out of what it gets. It
/// is min(share of notional, share of premium) in the premium token, rounded up, where the notional of a contract is one
/// base or its strike in quote: no fill at a premium reads a feed. It goes to the pot of the expiry in that token: the call
/// side's for base, the put side's for quote. Premiums round to the maker.
interface IExchange {
    /// @notice What an order's limit limits.
    enum LimitKind {
        PREMIUM,
        VOLATILITY
    }

    /// @notice Who took an order: the fee is its.
    enum Taker {
        NONE,
        BUYER,
        SELLER
    }

    /// @notice An order as its maker signs it. EIP-712 primary type `Order`, fields in this order; the series is a uint256
    /// and the kind a uint8 there. The fields from `minPremium` on bind volatility orders alone.
    /// @param maker Who signs: by key, or by ERC-1271 where the account has code.
    /// @param taker Who alone may fill it; zero for anybody.
    /// @param series What is traded.
    /// @param isBuy Whether the maker buys.
    /// @param useBook Whether the maker's book takes part: a seller writes what it does not hold (held tokens are sold
    /// first, where the Exchange is approved for them), a buyer first closes what it has written.
    /// @param kind What `limit` is.
    /// @param premiumToken Base or quote of the market, whichever side the series is.
    /// @param amount Contracts in all, WAD.
    /// @param limit Premium a contract (WAD of the premium token) or annual volatility (1e18 = 100 %).
    /// @param deadline The last second in which it fills.
    /// @param nonce One order a nonce: the first that is filled is the only one.
    /// @param minPremium Least premium a contract that the volatility may come to, WAD of the premium token.
    /// @param maxPremium Most.
    /// @param minSpot Least spot of the feed, WAD.
    /// @param maxSpot Most.
    /// @param maxFeedAge Oldest answer of the feed, seconds.
    /// @param storedCarry Whether the carry is that of the stored slice, which must be fresh.
    /// @param minCarry Least stored carry (units of a slice), or the maker's own.
    /// @param maxCarry Most stored carry, or the maker's own once more.
    /// @param spotEdge By how much spot is moved against the taker before it prices, a fraction below 1: up where the maker
    /// sells calls or buys puts, down where it buys calls or sells puts.
    struct Order {
        address maker;
        address taker;
        SeriesId series;
        bool isBuy;
        bool useBook;
        LimitKind kind;
        address premiumToken;
        uint128 amount;
        uint128 limit;
        uint40 deadline;
        uint64 nonce;
        uint128 minPremium;
        uint128 maxPremium;
        uint128 minSpot;
        uint128 maxSpot;
        uint32 maxFeedAge;
        bool storedCarry;
        int40 minCarry;
        int40 maxCarry;
        uint64 spotEdge;
    }

    /// @notice How a taker fills an order.
    /// @param amount Most contracts; less is filled where less is left.
    /// @param minAmount Least contracts.
    /// @param limit What `amount` contracts may cost at most with the fee, or must bring at least without it; pro rata
    /// where less is filled.
    /// @param receiver Who gets the contracts bought (the tokens) or the proceeds (free balance).
    /// @param useBook As in an order, for the taker's own book.
    struct Take {
        uint128 amount;
        uint128 minAmount;
        uint256 limit;
        address receiver;
        bool useBook;
    }

    /// @notice One fill of a batch.
    struct Item {
        Order order;
        bytes signature;
        Take take;
    }

    /// @notice What was filled. A buying taker paid `premium + fee`, a selling one got `premium - fee`.
    struct Fill {
        uint256 amount;
        uint256 premium;
        uint256 fee;
    }

    /// @notice What a match came to. The seller got `premium`, the buyer paid `premium + fee`, the caller got `callerFee` of
    /// the fee.
    struct Match {
        uint256 amount;
        uint256 premium;
        uint256 fee;
        uint256 callerFee;
    }

    /// @notice What a fill would do.
    /// @param reason Empty where it would go through, else the error it would fail with, cut at 260 bytes.
    /// @param price Executable premium a contract, WAD of the premium token; zero where there is none now.
    /// @param fill What would be filled; where it would fail, what it would come to at the price.
    /// @param collateral What the seller's book would lock more (negative: less), units of the settlement asset.
    /// @param released What the buyer's book would release by closing.
    struct Quote {
        bytes reason;
        uint256 price;
        Fill fill;
        int256 collateral;
        uint256 released;
    }

    /// @notice Fractions, WAD.
    /// @param ofNotional Share of one base or one strike a contract.
    /// @param ofPremium Share of the premium; the fee is the smaller of the two.
    /// @param ofCaller Share of a match's fee that is its caller's.
    struct Fees {
        uint64 ofNotional;
        uint64 ofPremium;
        uint64 ofCaller;
    }

    /// @notice An order was filled by `amount`, and by `filled` in all. The nonce is bound to the hash from the first on.
    event OrderFilled(
        address indexed maker, uint64 indexed nonce, bytes32 indexed orderHash, uint256 amount, uint256 filled
    );

    /// @notice One trade: one a fill, one a match.
    /// @param caller Who filled, or who matched.
    /// @param taker Which of the two is the taker, and paid the fee; none in a match.
    /// @param premium The maker's price; in a match what the seller got, the buyer having paid the fee on top.
    /// @param fee The protocol's, the caller's share of it included.
    /// @param spot The feed's spot, WAD; zero where no volatility was priced.
    event Traded(
        SeriesId indexed series,
        address indexed buyer,
        address indexed seller,
        address caller,
        Taker taker,
        address premiumToken,
        uint256 amount,
        uint256 premium,
        uint256 fee,
        uint256 callerFee,
        uint256 spot
    );

    event OrderCancelled(address indexed maker, uint64 indexed nonce);

    /// @notice Orders of `maker` with a nonce below `floor` are cancelled.
    event NonceFloorSet(address indexed maker, uint64 floor);

    event FeesSet(Fees fees);

    error NotTaker(address taker, address caller);
    error SelfTrade(address account);
    error DeadlinePassed(uint40 deadline, uint256 timestamp);
    error SeriesExpired(SeriesId series);
    error TradingCutoff(uint40 expiry);
    error NonceCancelled(address maker, uint64 nonce);
    error NonceBelowFloor(uint64 nonce, uint64 floor);
    /// @notice Another order of this nonce has been filled.
    error NonceBound(address maker, uint64 nonce, uint128 boundHash);
    error FloorNotRaised(uint64 floor, uint64 present);
    error BadSignature(address maker);
    error NotEnoughGas(uint256 left, uint256 needed);
    error BadAmount(uint256 amount);
    error AmountBelowMinimum(uint256 amount, uint256 minimum);
    error BadPremiumToken(address token);
    error VolatilityOutOfRange(uint256 volatility);
    error SpotEdgeOutOfRange(uint256 spotEdge);
    error SpotOutOfRange(uint256 spot, uint256 min, uint256 max);
    error FeedTooOld(uint256 updatedAt, uint256 maxAge);
    error CarryOutOfRange(int40 carry, int40 min, int40 max);
    error PremiumOutOfRange(uint256 premium, uint256 min, uint256 max);
    /// @notice The premium of these contracts rounds to nothing.
    error NoPremium(uint256 amount);
    error CostAboveLimit(uint256 cost, uint256 limit);
    error ProceedsBelowLimit(uint256 proceeds, uint256 limit);
    error OrdersDoNotPair(bytes32 what);
    /// @notice What the buyer pays at most does not cover what the seller gets at least and the fee.
    error NotCrossed(uint256 most, uint256 least, uint256 fee);
    error BadFees(bytes32 what);
    error OnlySelf(address caller);

    // --- trading ---

    /// @notice Fills an order out of the caller's free balance, tokens and, where it says so, book.
    function fill(Order calldata order, bytes calldata signature, Take calldata take) external returns (Fill memory);

    /// @notice Fills what can be filled, each within `gasPerItem`, and skips the rest. Reverts where the gas left does not
    /// hold what an item may use, so that nobody can make items fail by giving the batch too little.
    /// @return fills Empty where an item was skipped.
    /// @return reasons The selector of what an item failed with; zero where it was filled, 0xffffffff where there was none
    /// (the gas ran out).
    function fillMany(Item[] calldata items, uint256 gasPerItem)
        external
        returns (Fill[] memory fills, bytes4[] memory reasons);

    /// @notice Matches two orders of one series and premium token at the midpoint of their executable prices, the fee half
    /// each. Each maker keeps its limit; the caller earns a share of the fee.
    /// @param amount Most contracts; less where less is left of either.
    function matchOrders(
        Order calldata buyOrder,
        bytes calldata buySignature,
        Order calldata sellOrder,
        bytes calldata sellSignature,
        uint128 amount
    ) external returns (Match memory);

    /// @notice What `fill` would do for `taker` now. Makes the whole fill and reverts it, so nothing that could stop it is
    /// left out; not a view for that reason alone, and changes nothing. Call it by `eth_call`.
    function quoteFill(address taker, Order calldata order, bytes calldata signature, Take calldata take)
        external
        returns (Quote memory);

    // --- cancelling, never paused ---

    /// @notice Cancels the caller's order of this nonce, filled in part or not signed yet.
    function cancel(uint64 nonce) external;

    /// @notice Cancels all orders of the caller with a nonce below `floor`.
    function cancelBelow(uint64 floor) external;

    // --- fees ---

    /// @notice Sets the fees, inside bounds fixed by the code. Restricted. No order's limit moves by them.
    function setFees(Fees calldata fees_) external;

    // --- views ---

    /// @notice The EIP-712 digest that the maker signs.
    function hashOrder(Order calldata order) external view returns (bytes32);

    /// @notice Executable premium a contract now, WAD of the premium token, rounded to the maker. Reverts with what a fill
    /// would: too old, before the cutoff, a spot, feed, carry or premium outside of what was signed.
    function priceOf(Order calldata order) external view returns (uint256 price);

    /// @notice Premium and fee of `amount` contracts of an order now, whoever fills. Reverts as `priceOf` does.
    function valueOf(Order calldata order, uint256 amount) external view returns (Fill memory);

    /// @notice Contracts that are left of an order, WAD; zero where it is cancelled or another holds its nonce. Looks at
    /// neither signature nor balances.
    function remaining(Order calldata order) external view returns (uint256 amount);

    /// @notice What is known of a nonce.
    /// @param boundHash The low 128 bits of the hash of the order that was filled; zero before one was.
    function nonceState(address maker, uint64 nonce)
        external
        view
        returns (uint256 filled, uint128 boundHash, bool cancelled);

    function nonceFloor(address maker) external view returns (uint64);
    function fees() external view returns (Fees memory);
    function clearinghouse() external view returns (address);
    function volatilityOracle() external view returns (address);
}
