// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../../contracts/interfaces/IAsyncVault.sol";
import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IAccountLens} from "../../../contracts/interfaces/lens/IAccountLens.sol";
import {ISimulator, ORIGINAL} from "../../../contracts/interfaces/lens/ISimulator.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {Pool, Reentrant} from "../support/Receivers.sol";
import {IVault} from "../vault/VaultFixture.sol";
import {SimulatorFixture} from "./SimulatorFixture.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A contract account that sends calls, signs by a rule of its own, and takes no option tokens.
contract Account {
    function perform(address target, bytes calldata data) external returns (bool ok, bytes memory answer) {
        return target.call(data);
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice Asks the account that calls it for a signature.
contract Asker {
    function ask(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return IERC1271(msg.sender).isValidSignature(hash, signature);
    }

    function knock() external payable returns (bool ok) {
        (ok,) = msg.sender.call{value: msg.value}("");
    }
}

contract SimulateTest is SimulatorFixture {
    uint256 private constant MOST = type(uint256).max;
    IOptionVault.Funds private constant FREE = IOptionVault.Funds.FREE_BALANCE;

    // --- who may ---

    function test_AtItsOwnAddressItActsForNobody() public {
        vm.expectRevert(abi.encodeWithSelector(ISimulator.OnlySelf.selector, bob));
        vm.prank(bob);
        ISimulator(simulator).simulate(one(address(house), 0, ""), watch());
    }

    function test_NobodyElseUsesAnAccountThatIsSimulated() public {
        vm.etch(bob, abi.encodePacked(hex"363d3d373d3d3d363d73", simulator, hex"5af43d82803e903d91602b57fd5bf3"));
        uint256 before = house.freeBalance(bob, address(weth));
        bytes memory take = abi.encodeCall(IClearinghouse.withdraw, (address(weth), 1e18, alice));
        vm.prank(alice);
        // as to any account without code: it succeeds and does nothing
        (bool ok, bytes memory answer) =
            bob.call(abi.encodeCall(ISimulator.simulate, (one(address(house), 0, take), watch())));
        assertTrue(ok && answer.length == 0, "nothing");
        assertEq(house.freeBalance(bob, address(weth)), before);
    }

    // --- what fails says why, as the real one does ---

    function test_RefusalsAreTheRealOnes() public {
        refusalIsGot(
            bob,
            address(house),
            abi.encodeCall(IClearinghouse.withdraw, (address(weth), 501e18, bob)),
            abi.encodeWithSelector(IClearinghouse.InsufficientFreeBalance.selector, bob, address(weth), 501e18, 500e18)
        );
        refusalIsGot(
            bob,
            address(house),
            abi.encodeCall(IClearinghouse.write, (alice, call3000, 1e18, bob)),
            abi.encodeWithSelector(IClearinghouse.NotAuthorised.selector, alice, bob, 1)
        );
        refusalIsGot(
            bob,
            address(calls),
            abi.encodeCall(IOptionVault.buy, (call3000, 1e18, 1, bob, MOST, FREE)),
            abi.encodeWithSelector(IOptionVault.CostAboveLimit.selector, calls.quoteBuy(call3000, 1e18).total, 1)
        );
        vm.deal(bob, 1 ether);
        ISimulator.Simulation memory s =
            check(bob, address(house), 1 ether, abi.encodeCall(IClearinghouse.multicall, (new bytes[](0))));
        assertEq(s.refusal, abi.encodeWithSelector(IClearinghouse.NoWrappedNative.selector, 1 ether));
    }

    function test_EndsAtTheFirstThatFails() public {
        ISimulator.Call[] memory list = new ISimulator.Call[](3);
        list[0] =
            ISimulator.Call(address(house), 0, abi.encodeCall(IClearinghouse.withdraw, (address(weth), 1e18, bob)));
        list[1] = ISimulator.Call(address(house), 0, abi.encodeCall(IClearinghouse.close, (bob, call3000, 1e18, bob)));
        list[2] = list[0];
        ISimulator.Simulation memory s = promised(bob, list);
        assertEq(s.done, 1);
        assertEq(s.refusal, abi.encodeWithSelector(IClearinghouse.LegTooSmall.selector, call3000, 0, 1e18));
        assertEq(s.afterwards.balances[0].free, 499e18, "the first one counts");
        assertEq(house.freeBalance(bob, address(weth)), 500e18, "and nothing is kept");
    }

    // --- the Clearinghouse ---

    function test_DepositAndWithdraw() public {
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.deposit, (address(weth), 7e18)));
        assertEq(s.afterwards.balances[0].free - s.before.balances[0].free, 7e18);
        assertEq(s.outcomes[0].worstLoss, 0, "the same money elsewhere");
        assertGt(s.gasUsed, 20_000);
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.withdraw, (address(weth), 7e18, bob)));
        s = promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.withdraw, (address(usdc), 9e6, alice)));
        assertEq(s.outcomes[1].cash, -9e6);
        assertEq(s.outcomes[1].worstLoss, 9e6, "given away");
    }

    function test_WriteLocksAndMayLoseItAll() public {
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.write, (bob, call3000, 2e18, alice)));
        assertEq(s.afterwards.positions[0].locked, 2e18);
        assertEq(s.outcomes[0].worstLoss, 2e18);
        assertEq(s.outcomes[0].worstPrice, MOST, "as the price rises");
        s = promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.write, (bob, put3000, 1e18, alice)));
        assertEq(s.outcomes[1].worstLoss, 3000e6);
        assertEq(s.outcomes[1].worstPrice, 0);
        // written to oneself nothing can be lost
        s = promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.write, (bob, put3000, 1e18, bob)));
        assertEq(s.outcomes[1].worstLoss, 0);
        s = promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.close, (bob, put3000, 1e18, bob)));
        assertEq(s.afterwards.balances[1].free - s.before.balances[1].free, 3000e6);
    }

    function test_NetPlaceAndTakeBack() public {
        write(bob, call3000, 1e18);
        buy(calls, call3300, 1e18);
        uint64[] memory strikes = new uint64[](1);
        strikes[0] = call3000.strike();
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.net, (bob, call3000.bookKey(), strikes)));
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.place, (bob, call3300, 1e18)));
        assertLt(s.afterwards.positions[0].locked, 1e18, "a spread costs only its risk");
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.takeBack, (bob, call3300, 0.3e18, bob)));
    }

    function test_SeveralAtOnce() public {
        bytes[] memory calls_ = new bytes[](2);
        calls_[0] = abi.encodeCall(IClearinghouse.deposit, (address(weth), 5e18));
        calls_[1] = abi.encodeCall(IClearinghouse.write, (bob, call3000, 2e18, bob));
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.multicall, (calls_)));
    }

    function test_SettleAndRedeem() public {
        write(bob, call3000, 1e18);
        write(bob, put3000, 1e18);
        settle(NEAR, 4000);
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.settleLeg, (bob, call3000)));
        assertEq(s.afterwards.balances[0].free - s.before.balances[0].free, 0.75e18);
        assertEq(s.outcomes[0].worstPrice, 4000e18, "known");
        assertEq(s.outcomes[0].worstLoss, 0, "what was due is had");
        s = promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.redeem, (call3000, 0.5e18, bob)));
        assertEq(s.afterwards.balances[0].wallet - s.before.balances[0].wallet, 0.125e18);
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.redeemFor, (bob, call3000)));
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.setOperator, (alice, 1)));
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.setRedeemFor, (true)));
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.pay, (bob, alice, address(weth), 3)));
    }

    function test_SettleANettedBook() public {
        write(bob, call3000, 1e18);
        net(bob, only(call3000));
        settle(NEAR, 3200);
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.settleBook, (bob, call3000.bookKey())));
    }

    // --- the vault ---

    function test_BuyTellsPremiumFeeAndWorstLoss() public {
        ISimulator.Simulation memory s = promisedIsGot(
            bob, address(calls), abi.encodeCall(IOptionVault.buy, (call3000, 1e18, MOST, bob, MOST, FREE))
        );
        _checkBuy(s, call3000);
        s = promisedIsGot(
            bob,
            address(puts),
            abi.encodeCall(IOptionVault.buy, (put3000, 1e18, MOST, bob, MOST, IOptionVault.Funds.WALLET))
        );
        _checkPut(s);
    }

    function _checkBuy(ISimulator.Simulation memory s, SeriesId series) private view {
        uint256 cost = abi.decode(s.results[0], (uint256));
        assertEq(s.costs[0].token, address(weth));
        assertEq(s.costs[0].premium + s.costs[0].fee, cost, "premium and fee");
        assertGt(s.costs[0].fee, 0);
        // the pot also gets the vault's own performance fee
        assertEq(
            s.afterwards.feePots[0] - s.before.feePots[0],
            s.costs[0].fee + s.costs[0].premium * calls.fees().performance / 1e18,
            "into the pot"
        );
        assertEq(s.outcomes[0].worstLoss, cost, "no more than paid");
        assertEq(s.outcomes[0].worstPrice, 0);
        assertEq(s.afterwards.positions[0].holdings[0].held, holding(bob, series));
    }

    function _checkPut(ISimulator.Simulation memory s) private pure {
        assertEq(s.outcomes[1].worstLoss, abi.decode(s.results[0], (uint256)));
        assertEq(s.outcomes[1].worstPrice, 3000e18, "worth nothing from its strike on");
    }

    function test_SellBack() public {
        buy(calls, call3000, 2e18);
        nextBlock();
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(calls), abi.encodeCall(IOptionVault.sell, (call3000, 1e18, 0, bob, MOST, FREE)));
        assertEq(s.costs[0].premium, abi.decode(s.results[0], (uint256)));
        assertEq(s.costs[0].fee, 0);
        // sold is what can rise: measured against keeping it
        assertEq(s.outcomes[0].worstLoss, 1e18 - s.costs[0].premium);
        assertEq(s.outcomes[0].worstPrice, MOST);
    }

    function test_DepositRequestProcessAndClaim() public {
        ISimulator.Simulation memory s =
            promisedIsGot(bob, address(calls), abi.encodeCall(IERC7540Deposit.requestDeposit, (5e18, bob, bob)));
        assertEq(s.afterwards.stakes[0].pendingAssets - s.before.stakes[0].pendingAssets, 5e18);
        assertEq(s.outcomes[0].worstLoss, 5e18, "what goes into a vault counts as at risk");
        skip(1 hours);
        refresh();
        s = promisedIsGot(bob, address(calls), abi.encodeCall(IOptionVault.process, (10)));
        assertEq(s.afterwards.stakes[0].claimableShares, calls.maxMint(bob));
        promisedIsGot(bob, address(calls), abi.encodeCall(IERC7540Deposit.deposit, (2e18, bob, bob)));
        uint256 left = calls.maxMint(bob);
        promisedIsGot(bob, address(calls), abi.encodeCall(IERC7540Deposit.mint, (left, bob, bob)));
    }

    function test_RedemptionRequestAndClaim() public {
        uint256 shares = calls.balanceOf(alice) / 4;
        promisedIsGot(alice, address(calls), abi.encodeCall(IERC7540Redeem.requestRedeem, (shares, alice, alice)));
        skip(1 hours);
        refresh();
        calls.process(10);
        promisedIsGot(alice, address(calls), abi.encodeCall(IVault.redeem, (shares / 2, alice, alice)));
        uint256 left = calls.maxWithdraw(alice);
        promisedIsGot(alice, address(calls), abi.encodeCall(IVault.withdraw, (left, alice, alice)));
    }

    function test_Cancel() public {
        uint256 id = requestDeposit(calls, bob, 5e18);
        promisedIsGot(bob, address(calls), abi.encodeCall(IOptionVault.cancelDeposit, (id)));
        uint256 shares = calls.balanceOf(alice) / 4;
        vm.prank(alice);
        id = calls.requestRedeem(shares, alice, alice);
        promisedIsGot(alice, address(calls), abi.encodeCall(IOptionVault.cancelRedeem, (id)));
    }

    function test_SharesAndOptionsSentAndAllowed() public {
        promisedIsGot(alice, address(calls), abi.encodeCall(IERC20.transfer, (bob, 1e18)));
        promisedIsGot(alice, address(calls), abi.encodeCall(IERC20.approve, (bob, 1e18)));
        promisedIsGot(bob, address(weth), abi.encodeCall(IERC20.approve, (address(house), 77)));
        write(bob, call3000, 1e18);
        promisedIsGot(
            bob,
            address(token),
            abi.encodeCall(IERC1155.safeTransferFrom, (bob, alice, SeriesId.unwrap(call3000), 1e18, ""))
        );
        promisedIsGot(bob, address(token), abi.encodeCall(IERC1155.setApprovalForAll, (alice, true)));
    }

    function testFuzz_BuysAreWhatWasPromised(uint256 amount, bool put, bool wallet) public {
        amount = bound(amount, 0, 2e9) * 1e10;
        IOptionVault.Funds from = wallet ? IOptionVault.Funds.WALLET : FREE;
        check(
            bob,
            address(put ? puts : calls),
            0,
            abi.encodeCall(IOptionVault.buy, (put ? put3000 : call3000, amount, MOST, bob, MOST, from))
        );
    }

    // --- accounts with and without code ---

    function test_AnAccountWithoutCodeTakesTokensAndCoins() public {
        Asker asker = new Asker();
        vm.deal(bob, 1 ether);
        check(bob, address(asker), 1 ether, abi.encodeCall(Asker.knock, ()));
        vm.deal(alice, 1 ether);
        Pool pool = new Pool();
        vm.prank(bob);
        house.write(bob, call3000, 1e18, address(pool));
        promisedIsGot(bob, address(house), abi.encodeCall(IClearinghouse.write, (bob, call3300, 1e18, bob)));
    }

    function test_ItsKeySignsForIt() public {
        (address signer, uint256 key) = makeAddrAndKey("carol");
        bytes32 hash = keccak256("message");
        bytes memory good = signWith(key, hash);
        Asker asker = new Asker();
        ISimulator.Simulation memory s =
            promised(signer, one(address(asker), 0, abi.encodeCall(Asker.ask, (hash, good))));
        assertEq(s.results[0], abi.encode(IERC1271.isValidSignature.selector));
        s = promised(signer, one(address(asker), 0, abi.encodeCall(Asker.ask, (keccak256("other"), good))));
        assertEq(s.results[0], abi.encode(bytes4(0xffffffff)));
        s = promised(signer, one(address(asker), 0, abi.encodeCall(Asker.ask, (hash, hex"01"))));
        assertEq(s.results[0], abi.encode(bytes4(0xffffffff)), "no signature at all");
    }

    function test_AContractKeepsItsOwnCode() public {
        Account account = new Account();
        _fund(address(account));
        Asker asker = new Asker();
        ISimulator.Simulation memory s =
            promised(address(account), one(address(asker), 0, abi.encodeCall(Asker.ask, (bytes32(0), ""))));
        assertEq(s.results[0], abi.encode(IERC1271.isValidSignature.selector), "signs by its own rule");
        // it takes no option tokens, and so it does not in the simulation
        bytes memory data = abi.encodeCall(IClearinghouse.write, (address(account), call3000, 1e18, address(account)));
        s = promised(address(account), one(address(house), 0, data));
        (bool ok, bytes memory answer) = account.perform(address(house), data);
        _compare(address(account), s, ok, answer);
        assertFalse(ok, "refused");
        data = abi.encodeCall(IClearinghouse.write, (address(account), call3000, 1e18, bob));
        s = promised(address(account), one(address(house), 0, data));
        (ok, answer) = account.perform(address(house), data);
        _compare(address(account), s, ok, answer);
        assertTrue(ok, "delivered");
    }

    function test_AContractsHookRunsAsItsOwn() public {
        Reentrant account = new Reentrant();
        _fund(address(account));
        account.arm(address(house), abi.encodeCall(IClearinghouse.setRedeemFor, (true)));
        bytes memory data = abi.encodeCall(IClearinghouse.write, (address(account), call3000, 1e18, address(account)));
        ISimulator.Simulation memory s = promised(address(account), one(address(house), 0, data));
        bytes memory answer = account.perform(address(house), data);
        _compare(address(account), s, true, answer);
        assertTrue(house.redeemForAllowed(address(account)), "its hook acted");
    }

    function test_TheirPlaceIsNobodys() public view {
        assertEq(ORIGINAL.code.length, 0);
        assertTrue(IERC1155Receiver.onERC1155Received.selector != bytes4(0), "known");
    }
}
