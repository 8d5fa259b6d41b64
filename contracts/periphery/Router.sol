// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../interfaces/IClearinghouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IOptionToken} from "../interfaces/IOptionToken.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IRouter} from "../interfaces/IRouter.sol";
import {SeriesId} from "../libraries/SeriesId.sol";
import {RouterTokens} from "./router/RouterTokens.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title Router
/// @notice Buys and sells for its caller from signed orders and the vault, best first, from and to any token.
contract Router is RouterTokens, ERC1155Holder {
    /// @inheritdoc IRouter
    uint256 public constant MAX_ORDERS = 16;

    uint8 private constant TRADE = 1;

    /// @inheritdoc IRouter
    address public immutable exchange;

    IOptionToken private immutable _optionToken;

    /// @dev A trade under way.
    /// @param left Contracts not traded yet.
    /// @param whole What the vault quotes for all of `left`; meaningless where `quoted` is false.
    /// @param quoted Whether the vault trades all of `left`.
    struct Route {
        bool isBuy;
        uint256 left;
        uint256 whole;
        bool quoted;
    }

    /// @param assets What `amount` contracts come to with the fee.
    /// @param index Which of the orders given.
    struct Candidate {
        uint256 amount;
        uint256 assets;
        uint256 index;
    }

    // An Exchange that is not there fails on the line of its Clearinghouse.
    // slither-disable-next-line missing-zero-check
    constructor(address exchange_) RouterTokens(IExchange(exchange_).clearinghouse()) {
        exchange = exchange_;
        _optionToken = IOptionToken(IClearinghouse(clearinghouse).optionToken());
        // The Exchange acts for who calls it or signs. The Router calls it with its caller's money only and never signs.
        IClearinghouse(clearinghouse).setOperator(exchange_, TRADE);
        _optionToken.setApprovalForAll(exchange_, true);
    }

    /// @inheritdoc IRouter
    /// @dev The balance from before the trade is meant: what is gone afterwards is the cost. Nobody comes in between, by
    /// the guard, and nobody else can take from the Router's free balance.
    // slither-disable-next-line reentrancy-balance
    function buyBest(Trade calldata trade, Signed[] calldata orders, Payment calldata payment, Payout calldata rest)
        external
        payable
        nonReentrant
        returns (uint256 cost)
    {
        address asset = _check(trade, orders);
        uint256 before = _free(asset);
        uint256 paidIn = _takeIn(payment, asset);
        uint256 byOrders = _trade(trade, orders, asset, true);
        // What is gone from the free balance is the cost, whatever orders and vault answered; a gift on the way is no error.
        cost = FixedPointMathLib.zeroFloorSub(before + paidIn, _free(asset));
        uint256 most = FixedPointMathLib.min(trade.limit, paidIn);
        require(cost <= most, CostAboveLimit(cost, most));
        emit Routed(msg.sender, trade.series, true, trade.amount, byOrders, trade.vault, cost);
        _payOut(asset, paidIn - cost, rest);
    }

    /// @inheritdoc IRouter
    function sellBest(Trade calldata trade, Signed[] calldata orders, Payout calldata payout)
        external
        nonReentrant
        returns (uint256 proceeds)
    {
        address asset = _check(trade, orders);
        uint256 before = _free(asset);
        _optionToken.safeTransferFrom(msg.sender, address(this), SeriesId.unwrap(trade.series), trade.amount, "");
        uint256 byOrders = _trade(trade, orders, asset, false);
        proceeds = _free(asset) - before;
        require(proceeds >= trade.limit, ProceedsBelowLimit(proceeds, trade.limit));
        emit Routed(msg.sender, trade.series, false, trade.amount, byOrders, trade.vault, proceeds);
        _payOut(asset, proceeds, payout);
    }

    /// @dev Contracts come here only by the Router's own hand, to be sold in the same call.
    function onERC1155Received(address operator, address from, uint256 id, uint256 amount, bytes memory data)
        public
        override
        returns (bytes4)
    {
        require(operator == address(this) && msg.sender == address(_optionToken), UnexpectedOptions(operator));
        return super.onERC1155Received(operator, from, id, amount, data);
    }

    /// @dev Never in batches.
    function onERC1155BatchReceived(address operator, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        pure
        override
        returns (bytes4)
    {
        revert UnexpectedOptions(operator);
    }

    // --- trading ---

    function _check(Trade calldata trade, Signed[] calldata orders) private view returns (address asset) {
        require(block.timestamp <= trade.deadline, DeadlinePassed(trade.deadline, block.timestamp));
        require(trade.amount != 0, BadAmount(trade.amount));
        require(orders.length <= MAX_ORDERS, TooManyOrders(orders.length, MAX_ORDERS));
        (asset,) = IMarkets(IClearinghouse(clearinghouse).markets())
            .settlementAsset(trade.series.market(), trade.series.side());
    }

    /// @dev Orders that beat the vault, best first, then the vault.
    function _trade(Trade calldata trade, Signed[] calldata orders, address asset, bool isBuy)
        private
        returns (uint256 byOrders)
    {
        Route memory route = Route(isBuy, trade.amount, 0, false);
        (route.whole, route.quoted) = _quote(trade, isBuy, trade.amount);
        Candidate[] memory list = _sorted(trade, orders, asset, isBuy);
        for (uint256 i; i < list.length && route.left != 0; ++i) {
            Candidate memory candidate = list[i];
            uint256 amount = FixedPointMathLib.min(candidate.amount, route.left);
            (uint256 part, bool partQuoted) = _quote(trade, isBuy, route.left - amount);
            uint256 assets = candidate.assets;
            if (amount != candidate.amount) {
                (assets,) = _value(orders[candidate.index].order, amount, trade.gasPerOrder, isBuy);
            }
            if (!_beatsVault(route, assets, part, partQuoted)) continue;
            uint256 filled = _fill(orders[candidate.index], trade, amount, isBuy);
            if (filled == 0) continue;
            route.left -= filled;
            if (filled == amount) (route.whole, route.quoted) = (part, partQuoted);
            else (route.whole, route.quoted) = _quote(trade, isBuy, route.left);
        }
        byOrders = trade.amount - route.left;
        if (route.left != 0) {
            require(trade.vault != address(0), NotFilled(route.left));
            _useVault(trade, route.left, isBuy);
        }
    }

    /// @dev Whether filling the order and leaving the rest to the vault is no worse than the vault alone.
    function _beatsVault(Route memory route, uint256 assets, uint256 part, bool partQuoted)
        private
        pure
        returns (bool)
    {
        if (!route.quoted) return true;
        if (!partQuoted) return false;
        return route.isBuy ? assets + part <= route.whole : assets + part >= route.whole;
    }

    /// @dev One order, or nothing of it.
    function _fill(Signed calldata signed, Trade calldata trade, uint256 amount, bool isBuy) private returns (uint256) {
        // 63/64 of the gas go on: nobody can make an order fail by giving the trade too little.
        uint256 needed = trade.gasPerOrder * 64 / 63 + 10_000;
        require(gasleft() >= needed, NotEnoughGas(gasleft(), needed));
        // At most the trade's amount, which is a uint128.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint128 most = uint128(amount);
        IExchange.Take memory take = IExchange.Take({
            amount: most,
            minAmount: 0,
            limit: isBuy ? type(uint256).max : 0,
            receiver: isBuy ? msg.sender : address(this),
            useBook: false
        });
        try IExchange(exchange).fill{gas: trade.gasPerOrder}(signed.order, signed.signature, take) returns (
            IExchange.Fill memory f
        ) {
            return f.amount;
        } catch {
            return 0;
        }
    }

    /// @dev The vault is who the caller says: it trades for the Router during this call alone, and what it delivered and
    /// took is looked at afterwards.
    function _useVault(Trade calldata trade, uint256 amount, bool isBuy) private {
        uint256 id = SeriesId.unwrap(trade.series);
        address holder = isBuy ? msg.sender : address(this);
        uint256 before = _optionToken.balanceOf(holder, id);
        IClearinghouse(clearinghouse).setOperator(trade.vault, TRADE);
        if (isBuy) {
            IOptionVault(trade.vault)
                .buy(trade.series, amount, type(uint256).max, holder, trade.deadline, IOptionVault.Funds.FREE_BALANCE);
        } else {
            IOptionVault(trade.vault)
                .sell(trade.series, amount, 0, holder, trade.deadline, IOptionVault.Funds.FREE_BALANCE);
        }
        IClearinghouse(clearinghouse).setOperator(trade.vault, 0);
        uint256 held = _optionToken.balanceOf(holder, id);
        uint256 moved = isBuy ? held - before : before - held;
        require(moved == amount, NotDelivered(trade.series, amount, moved));
    }

    // --- looking ---

    /// @dev What the vault quotes; nothing costs nothing.
    function _quote(Trade calldata trade, bool isBuy, uint256 amount) private view returns (uint256, bool) {
        if (amount == 0) return (0, true);
        if (trade.vault.code.length == 0) return (0, false);
        if (isBuy) {
            try IOptionVault(trade.vault).quoteBuy(trade.series, amount) returns (IOptionVault.Quote memory q) {
                return (q.total, true);
            } catch {
                return (0, false);
            }
        }
        try IOptionVault(trade.vault).quoteSell(trade.series, amount) returns (IOptionVault.Quote memory q) {
            return (q.total, true);
        } catch {
            return (0, false);
        }
    }

    /// @dev The orders that have a price in the settlement asset, best first.
    function _sorted(Trade calldata trade, Signed[] calldata orders, address asset, bool isBuy)
        private
        view
        returns (Candidate[] memory list)
    {
        list = new Candidate[](orders.length);
        uint256 count;
        for (uint256 i; i < orders.length; ++i) {
            Candidate memory c = _candidate(orders[i].order, trade, asset, isBuy);
            if (c.amount == 0) continue;
            c.index = i;
            uint256 j = count++;
            for (; j != 0 && _better(c, list[j - 1], isBuy); --j) {
                list[j] = list[j - 1];
            }
            list[j] = c;
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    function _candidate(IExchange.Order calldata order, Trade calldata trade, address asset, bool isBuy)
        private
        view
        returns (Candidate memory c)
    {
        if (
            SeriesId.unwrap(order.series) != SeriesId.unwrap(trade.series) || order.isBuy == isBuy
                || order.premiumToken != asset
        ) return c;
        uint256 left = IExchange(exchange).remaining(order);
        uint256 amount = FixedPointMathLib.min(left, trade.amount);
        if (amount == 0) return c;
        (uint256 assets, bool priced) = _value(order, amount, trade.gasPerOrder, isBuy);
        if (priced) (c.amount, c.assets) = (amount, assets);
    }

    /// @dev What `amount` of an order comes to with the fee, where it has a price now.
    function _value(IExchange.Order calldata order, uint256 amount, uint256 gasLimit, bool isBuy)
        private
        view
        returns (uint256 assets, bool priced)
    {
        try IExchange(exchange).valueOf{gas: gasLimit}(order, amount) returns (IExchange.Fill memory f) {
            if (isBuy) return (f.premium + f.fee, true);
            return (FixedPointMathLib.zeroFloorSub(f.premium, f.fee), true);
        } catch {
            return (0, false);
        }
    }

    /// @dev By what a contract comes to; of two that are equal the one given first.
    function _better(Candidate memory a, Candidate memory b, bool isBuy) private pure returns (bool) {
        (uint256 ofA, uint256 ofB) = (a.assets * b.amount, b.assets * a.amount);
        return isBuy ? ofA < ofB : ofA > ofB;
    }

    function _free(address asset) private view returns (uint256) {
        return IClearinghouse(clearinghouse).freeBalance(address(this), asset);
    }
}
