// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {ISimulator} from "../../../contracts/interfaces/lens/ISimulator.sol";
import {BookKey} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture} from "../exchange/ExchangeFixture.sol";

/// @notice Orders and native coin: simulated, then done.
contract SimulateOrdersTest is ExchangeFixture {
    IAccountLens private accountLens;
    address private simulator;

    function setUp() public override {
        super.setUp();
        accountLens = IAccountLens(vm.deployCode("AccountLens.sol:AccountLens", abi.encode(address(house))));
        simulator = vm.deployCode("Simulator.sol:Simulator", abi.encode(address(house), address(accountLens)));
    }

    function watch() private pure returns (IAccountLens.Watch memory w) {
        w.books = new BookKey[](2);
        (w.books[0], w.books[1]) = (call(3000).bookKey(), put(3000).bookKey());
    }

    function promised(address who, address target, uint256 value, bytes memory data)
        private
        returns (ISimulator.Simulation memory s)
    {
        ISimulator.Call[] memory list = new ISimulator.Call[](1);
        list[0] = ISimulator.Call(target, value, data);
        uint256 id = vm.snapshotState();
        vm.etch(who, abi.encodePacked(hex"363d3d373d3d3d363d73", simulator, hex"5af43d82803e903d91602b57fd5bf3"));
        vm.prank(who, who);
        s = ISimulator(who).simulate(list, watch());
        vm.revertToState(id);
    }

    function promisedIsGot(address who, address target, uint256 value, bytes memory data)
        private
        returns (ISimulator.Simulation memory s)
    {
        s = promised(who, target, value, data);
        vm.prank(who, who);
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        assertEq(s.done, ok ? 1 : 0, "done");
        assertEq(ok ? s.results[0] : s.refusal, answer, "answer");
        assertEq(
            keccak256(abi.encode(s.afterwards)), keccak256(abi.encode(accountLens.snapshot(who, watch()))), "afterwards"
        );
    }

    function test_BuyingFromAnOrder() public {
        IExchange.Order memory order = offer(call(3000), 5e18, 0.05e18);
        ISimulator.Simulation memory s = promisedIsGot(
            taker, address(exchange), 0, abi.encodeCall(IExchange.fill, (order, sign(order), buying(2e18)))
        );
        assertEq(s.costs[0].token, address(weth));
        assertEq(s.costs[0].premium, 0.1e18);
        assertEq(s.afterwards.feePots[0] - s.before.feePots[0], s.costs[0].fee, "the fee is in the pot");
        assertEq(s.outcomes[0].worstLoss, s.costs[0].premium + s.costs[0].fee);
        assertEq(s.outcomes[0].worstPrice, 0);
    }

    function test_SellingToAnOrderByWriting() public {
        IExchange.Order memory order = bid(put(3000), 5e18, 100e18);
        ISimulator.Simulation memory s = promisedIsGot(
            taker, address(exchange), 0, abi.encodeCall(IExchange.fill, (order, sign(order), selling(1e18)))
        );
        uint256 got = s.costs[0].premium - s.costs[0].fee;
        assertEq(s.outcomes[1].worstLoss, 3000e6 - got, "its strike, less what it brought");
        assertEq(s.outcomes[1].worstPrice, 0);
        assertEq(s.afterwards.positions[1].locked, 3000e6);
    }

    function test_AtAVolatility() public {
        IExchange.Order memory order = atVolatility(offer(call(3000), 5e18, 0), 0.6e18);
        promisedIsGot(taker, address(exchange), 0, abi.encodeCall(IExchange.fill, (order, sign(order), buying(2e18))));
    }

    function test_SeveralOrders() public {
        IExchange.Item[] memory items = new IExchange.Item[](2);
        for (uint256 i; i < 2; ++i) {
            IExchange.Order memory order = offer(call(3000), 5e18, uint128(0.05e18 + i * 0.01e18));
            items[i] = IExchange.Item(order, sign(order), buying(1e18));
        }
        ISimulator.Simulation memory s =
            promisedIsGot(taker, address(exchange), 0, abi.encodeCall(IExchange.fillMany, (items, 1_000_000)));
        assertEq(s.costs[0].premium, 0.11e18);
        assertEq(s.outcomes[0].worstLoss, s.costs[0].premium + s.costs[0].fee);
    }

    function test_MatchingAndCancelling() public {
        IExchange.Order memory sells = offer(call(3000), 5e18, 0.04e18);
        IExchange.Order memory buys = bid(call(3000), 5e18, 0.06e18);
        buys.maker = taker;
        promisedIsGot(
            MATCHER,
            address(exchange),
            0,
            abi.encodeCall(IExchange.matchOrders, (buys, sign(buys), sells, sign(sells), 1e18))
        );
        promisedIsGot(maker, address(exchange), 0, abi.encodeCall(IExchange.cancel, (sells.nonce)));
        promisedIsGot(maker, address(exchange), 0, abi.encodeCall(IExchange.cancelBelow, (sells.nonce + 5)));
        // and then it fills no more
        ISimulator.Simulation memory s = promisedIsGot(
            taker, address(exchange), 0, abi.encodeCall(IExchange.fill, (sells, sign(sells), buying(1e18)))
        );
        assertEq(bytes4(s.refusal), IExchange.NonceBelowFloor.selector);
    }

    function test_NativeCoinInAMulticall() public {
        vm.deal(taker, 3 ether);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(IClearinghouse.write, (taker, call(3000), 2e18, taker));
        ISimulator.Simulation memory s =
            promisedIsGot(taker, address(house), 3 ether, abi.encodeCall(IClearinghouse.multicall, (calls)));
        assertEq(s.before.native - s.afterwards.native, 3 ether);
        assertEq(s.afterwards.positions[0].locked, 2e18);
    }
}
