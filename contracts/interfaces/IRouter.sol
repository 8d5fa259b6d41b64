// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesId} from "../libraries/SeriesId.sol";
import {IExchange} from "./IExchange.sol";

/// @notice One transaction from any token, or the native coin, to an option and back: swaps, wraps, and trades with signed
/// orders and the vault, best first.
/// @dev Acts only for its caller. The Router is the taker in the Exchange and the trader of the vault, with what the caller
/// brought in the same call, and hands everything on before the call ends: contracts, what was not spent, what was earned.
/// From a caller's account in the Clearinghouse it takes nothing but what `Payment.fromFreeBalance` names, by `pay` and the
/// caller's TRADE flag; it needs no WITHDRAW flag. Orders that name a taker other than the Router are skipped.
///
/// Best first: orders are sorted by what a contract comes to with the fee. An order goes before the vault where its
/// contracts cost no more (bring no less) than the same contracts do at the vault, which is the difference of the vault's
/// quotes for what is left with and without them, or where the vault does not trade all that is left. An order is taken as
/// a whole or not at all; one that does not fill is skipped, and what is left after all orders is the vault's. Since the
/// vault's price a contract does not fall with the amount, the result is no worse than either source alone. All is filled,
/// or nothing.
interface IRouter {
    /// @notice A call that turns one token into another, made by a contract that lives for this call alone.
    /// @param target Who is called, with an allowance of the whole input; zero for no swap.
    /// @param data What it is called with. It must pay its output to `msg.sender`.
    /// @param minOutput Least output.
    struct Swap {
        address target;
        bytes data;
        uint256 minOutput;
    }

    /// @notice An ERC-2612 permit of the caller for the Router; none where the deadline is zero.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice What the caller pays with.
    /// @param token The token; zero for the native coin, whose value is then exactly `assets` (and `fromFreeBalance` means nothing).
    /// @param assets How much of it.
    /// @param fromFreeBalance Whether it is taken from the caller's free balance, by its TRADE flag, instead of its wallet.
    struct Payment {
        address token;
        uint256 assets;
        bool fromFreeBalance;
        Permit permit;
        Swap swap;
    }

    /// @notice What the caller wants of what is left or earned.
    /// @param token The token; zero for the native coin. The settlement asset where no swap is made.
    /// @param toFreeBalance Whether it is credited in the Clearinghouse instead of paid to the wallet.
    struct Payout {
        address token;
        bool toFreeBalance;
        Swap swap;
    }

    /// @notice An order to be tried.
    struct Signed {
        IExchange.Order order;
        bytes signature;
    }

    /// @notice What is traded.
    /// @param amount Contracts, WAD.
    /// @param limit Most settlement asset that all of it may cost, or least that it must bring, fees included.
    /// @param vault Where what orders do not fill is traded; zero for orders alone.
    /// @param deadline The last second.
    /// @param gasPerOrder Most gas that one order's fill may use.
    struct Trade {
        SeriesId series;
        uint128 amount;
        uint256 limit;
        address vault;
        uint256 deadline;
        uint256 gasPerOrder;
    }

    /// @notice One a trade. `byOrders` of the amount was filled by signed orders, the rest by the vault.
    event Routed(
        address indexed caller,
        SeriesId indexed series,
        bool isBuy,
        uint256 amount,
        uint256 byOrders,
        address vault,
        uint256 assets
    );

    /// @notice What a swap made of it.
    event Swapped(
        address indexed caller, address indexed tokenIn, uint256 spent, address indexed tokenOut, uint256 output
    );

    error DeadlinePassed(uint256 deadline, uint256 timestamp);
    error BadAmount(uint256 amount);
    error TooManyOrders(uint256 orders, uint256 limit);
    error WrongValue(uint256 value, uint256 expected);
    error TransferAmountMismatch(address token, uint256 expected, uint256 received);
    /// @notice What is paid or wanted is not what the trade is in, and no swap was asked for; or one that changes nothing.
    error SwapMismatch(address tokenIn, address tokenOut);
    error OutputBelowMinimum(address token, uint256 output, uint256 minimum);
    /// @notice Neither orders nor vault trade this much.
    error NotFilled(uint256 left);
    error CostAboveLimit(uint256 cost, uint256 limit);
    error ProceedsBelowLimit(uint256 proceeds, uint256 limit);
    /// @notice The vault took part and did not deliver.
    error NotDelivered(SeriesId series, uint256 expected, uint256 delivered);
    error NotEnoughGas(uint256 left, uint256 needed);
    error OnlyWrappedNative(address sender);
    error OnlyRouter(address caller);
    error UnexpectedOptions(address operator);

    /// @notice Takes the payment in, swapped where it must be, and credits all of it to the caller's free balance.
    /// @param asset What is credited.
    /// @return assets How much.
    function deposit(Payment calldata payment, address asset) external payable returns (uint256 assets);

    /// @notice Buys for the caller, best first. What is not spent goes back by `rest`.
    /// @return cost What it came to, in the settlement asset.
    function buyBest(Trade calldata trade, Signed[] calldata orders, Payment calldata payment, Payout calldata rest)
        external
        payable
        returns (uint256 cost);

    /// @notice Sells contracts of the caller, which has approved the Router in the option token, best first.
    /// @return proceeds What they brought, in the settlement asset.
    function sellBest(Trade calldata trade, Signed[] calldata orders, Payout calldata payout)
        external
        returns (uint256 proceeds);

    /// @notice The most orders of one trade.
    function MAX_ORDERS() external view returns (uint256);
    function exchange() external view returns (address);
    function clearinghouse() external view returns (address);
    /// @notice The code that each swap runs a fresh copy of.
    function executor() external view returns (address);
}
