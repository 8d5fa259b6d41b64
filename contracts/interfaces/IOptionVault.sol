// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId, Side} from "../libraries/SeriesId.sol";

/// @notice The passive underwriter of one (market, side): writes listed series at its own quote, buys back what it wrote,
/// and serves deposits and redemptions by request (ERC-4626 share token with ERC-7540 asynchronous requests).
/// @dev Every amount of the settlement asset is in token units unless its name says WAD.
interface IOptionVault {
    /// @notice Where a trader's money comes from or goes to.
    enum Funds {
        FREE_BALANCE,
        WALLET
    }

    /// @notice A quote taken apart. Token units; `total` is what the buyer pays or the seller gets.
    /// @param mark The model's value at mid spot and the newest slice.
    /// @param spread Half spread in volatility times vega, grown by the slice's age.
    /// @param skew The price of the vega added to the vault's.
    /// @param use The price of the collateral that the trade locks.
    /// @param guard What the spot band and the older slice add.
    /// @param floor What the minimum rate and floor add.
    /// @param fee The protocol's fee, paid by the buyer on top.
    struct Quote {
        uint256 mark;
        uint256 spread;
        uint256 skew;
        uint256 use;
        uint256 guard;
        uint256 floor;
        uint256 fee;
        uint256 total;
        uint256 spot;
        uint256 volatility;
        int256 delta;
        uint256 collateral;
    }

    /// @notice Parameters of the quote, inside bounds fixed by the code. Fractions are WAD.
    /// @param halfSpread Volatility (1e18 = 100 %).
    /// @param halfSpreadPerDay Growth of the half spread with the slice's age.
    /// @param skew Price of vega: premium per (vega^2 / assets).
    /// @param use Price of locked collateral: premium per (collateral^2 / assets).
    /// @param minRate Least annual rate on the collateral that a buy locks.
    /// @param floor Least premium as a share of notional.
    /// @param minAbsDelta Options with a smaller |delta| are not traded.
    /// @param maxAbsDelta Options with a larger |delta| are not traded.
    /// @param maxUtilisation Locked collateral over net assets.
    /// @param minAmount Least contracts a trade, WAD.
    /// @param guardWindow Seconds after a report during which the older slice also counts.
    /// @param noticeSeconds How long a request waits before anybody may process it.
    /// @param depositCap Largest idle and locked assets together that deposits may reach, token units.
    /// @param minRequest Least assets of a deposit request, token units; a redemption of less than the shares that this
    /// buys in a new vault must be the owner's whole balance.
    struct Params {
        uint64 halfSpread;
        uint64 halfSpreadPerDay;
        uint64 skew;
        uint64 use;
        uint64 minRate;
        uint64 floor;
        uint64 minAbsDelta;
        uint64 maxAbsDelta;
        uint64 maxUtilisation;
        uint128 minAmount;
        uint32 guardWindow;
        uint32 noticeSeconds;
        uint128 depositCap;
        uint128 minRequest;
    }

    /// @notice Fees as the field charges: min(share of notional, share of premium), and a share of the vault's premium.
    struct Fees {
        uint64 ofNotional;
        uint64 ofPremium;
        uint64 performance;
    }

    event Bought(
        address indexed buyer,
        SeriesId indexed series,
        address indexed receiver,
        uint256 amount,
        uint256 premium,
        uint256 fee,
        uint256 performanceFee,
        uint256 spot,
        uint256 volatility,
        uint256 shortVegaWad,
        uint256 locked
    );
    event SoldBack(
        address indexed seller,
        SeriesId indexed series,
        address indexed receiver,
        uint256 amount,
        uint256 premium,
        uint256 spot,
        uint256 volatility,
        uint256 shortVegaWad,
        uint256 locked
    );
    /// @notice The cost function's base was renewed before the first trade of a block.
    event Rebased(uint256 netAssets, uint256 shortVegaWad);
    event SeriesReleased(SeriesId indexed series, int256 owed);
    event DepositProcessed(uint256 indexed requestId, address indexed controller, uint256 assets, uint256 shares);
    event RedeemProcessed(
        uint256 indexed requestId, address indexed controller, uint256 shares, uint256 assets, bool whole
    );
    event DepositCancelled(uint256 indexed requestId, address indexed controller, uint256 assets);
    event RedeemCancelled(uint256 indexed requestId, address indexed controller, uint256 shares);
    event ParamsSet(Params params);
    event FeesSet(Fees fees);
    event TradesPaused(bool paused);
    event DepositsPaused(bool paused);

    error WrongMarket(SeriesId series);
    error WrongPricer(address pricer);
    error NotOpen(SeriesId series);
    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    error CostAboveLimit(uint256 cost, uint256 limit);
    error ProceedsBelowLimit(uint256 proceeds, uint256 limit);
    error AmountTooSmall(uint256 amount, uint256 minimum);
    error DeltaOutsideBand(int256 delta);
    error UtilisationAboveCap(uint256 locked, uint256 netAssets);
    error TradingCutoff(uint40 expiry);
    error ProcessingCutoff(uint40 expiry);
    error TooManySeries(uint256 limit);
    error NothingToProcess();
    error NoticeNotOver(uint256 readyAt, uint256 timestamp);
    error NotCancellable(uint256 requestId);
    error NotController(address controller, address caller);
    error ZeroAssets();
    error ZeroShares();
    error RequestTooSmall(uint256 given, uint256 minimum);
    error ClaimTooLarge(address controller, uint256 asked, uint256 claimable);
    error AsynchronousPreview();
    error CapExceeded(uint256 assets, uint256 cap);
    error BadParams(bytes32 what);
    error Paused();

    // --- trading ---

    /// @notice Buys `amount` contracts for at most `maxCost` (premium and fee) and delivers them to `receiver`.
    /// With FREE_BALANCE the caller must have given the vault the TRADE flag in the Clearinghouse; with WALLET an allowance.
    function buy(SeriesId series, uint256 amount, uint256 maxCost, address receiver, uint256 deadline, Funds from)
        external
        returns (uint256 cost);

    /// @notice Sells `amount` contracts that the vault wrote back to it for at least `minProceeds`. Needs the TRADE flag.
    function sell(SeriesId series, uint256 amount, uint256 minProceeds, address receiver, uint256 deadline, Funds to)
        external
        returns (uint256 proceeds);

    function quoteBuy(SeriesId series, uint256 amount) external view returns (Quote memory);
    function quoteSell(SeriesId series, uint256 amount) external view returns (Quote memory);

    /// @notice Settles the vault's own leg of an expired series and stops counting it. Anybody may call.
    function release(SeriesId series) external;

    // --- requests (with ERC-7540's functions, see IAsyncVault; one request id per request) ---

    /// @notice Gives the waiting assets of a deposit request back to its controller. Only before its notice ends, or when
    /// it has waited a day longer than its notice.
    function cancelDeposit(uint256 requestId) external;

    /// @notice The same for the waiting shares of a redemption.
    function cancelRedeem(uint256 requestId) external;

    /// @notice Processes up to `maxRequests` ready requests, deposits first, each queue first in first out. Anybody may
    /// call. A head request that only partly fits (deposits by the cap, redemptions by idle assets) is processed in part.
    function process(uint256 maxRequests) external returns (uint256 processed);

    // --- parameters: restricted, inside bounds fixed by the code ---

    function setParams(Params calldata params_) external;
    function setFees(Fees calldata fees_) external;
    function setTradesPaused(bool paused) external;
    function setDepositsPaused(bool paused) external;

    // --- views ---

    function market() external view returns (uint16);
    function side() external view returns (Side);
    function clearinghouse() external view returns (address);
    function volatilityOracle() external view returns (address);
    function openSeries() external view returns (SeriesId[] memory);
    /// @notice Net assets as depositors enter (liabilities at the bid) and as leavers leave (liabilities at the ask).
    function netAssets() external view returns (uint256 entering, uint256 leaving);
    /// @notice Free balance that belongs to shareholders: without pending deposits and unclaimed redemptions.
    function idleAssets() external view returns (uint256);
    function lockedAssets() external view returns (uint256);
    function shortVegaWad() external view returns (uint256);
    function params() external view returns (Params memory);
    function fees() external view returns (Fees memory);
    /// @notice One request as it stands. Units are assets of a deposit, shares of a redemption.
    /// @param redemption Which queue.
    /// @return controller Who may claim and cancel; zero where there is no such request.
    /// @return readyAt When its notice ends, seconds.
    /// @return pending Units that wait.
    /// @return filled Units processed.
    /// @return head The oldest request of the queue that waits: as many lie before this one as its id is above it.
    function request(bool redemption, uint256 requestId)
        external
        view
        returns (address controller, uint256 readyAt, uint256 pending, uint256 filled, uint256 head);
    /// @notice Sums in the queues: assets waiting to be shares, shares waiting to be assets, processed and unclaimed assets and shares.
    function queueTotals()
        external
        view
        returns (uint256 pendingAssets, uint256 pendingShares, uint256 claimableAssets, uint256 claimableShares);
}
