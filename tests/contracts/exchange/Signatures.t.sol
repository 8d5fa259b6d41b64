// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {ExchangeFixture, IExchangeInside} from "./ExchangeFixture.sol";
import {Wallet} from "./Wallets.sol";

contract SignaturesTest is ExchangeFixture {
    Wallet private _wallet;

    function setUp() public override {
        super.setUp();
        _wallet = new Wallet();
        _wallet.setUp(address(house), address(exchange), maker);
        vm.prank(maker);
        house.pay(maker, address(_wallet), address(weth), 50e18);
    }

    /// @dev The order of an account with code, signed by its owner's key.
    function _order() private returns (IExchange.Order memory order) {
        order = offer(call(3000), 10e18, 0.01e18);
        order.maker = address(_wallet);
    }

    function _refused(IExchange.Order memory order, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IExchange.BadSignature.selector, order.maker));
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
    }

    // --- failures, by key ---

    function test_RefusesWhatIsNoSignature() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        _refused(order, "");
        _refused(order, new bytes(64));
        _refused(order, new bytes(65));
        _refused(order, signDigest(takerKey, exchange.hashOrder(order)));
        order.maker = address(0); // whom a bad signature recovers to
        _refused(order, new bytes(65));
    }

    function test_RefusesTheSecondFormOfASignature() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(makerKey, exchange.hashOrder(order));
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        _refused(order, abi.encodePacked(r, bytes32(n - uint256(s)), v == 27 ? uint8(28) : uint8(27)));
    }

    function test_RefusesAnOrderForAnotherChainOrAnotherContract() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        bytes memory here = sign(order);
        vm.chainId(1);
        _refused(order, here);
        vm.chainId(31_337);
        IExchangeInside other = IExchangeInside(
            vm.deployCode("Exchange.sol:Exchange", abi.encode(address(access), address(house), address(oracle)))
        );
        _refused(order, signDigest(makerKey, other.hashOrder(order)));
    }

    /// @dev Any change of any field is another order.
    function testFuzz_AChangedWordIsAnotherOrder(uint256 place, uint256 value) public {
        IExchange.Order memory order = atVolatility(offer(call(3000), 1e18, 0.01e18), 0.6e18);
        bytes memory signature = sign(order);
        bytes memory data = abi.encodeCall(exchange.fill, (order, signature, buying(1e18)));
        place = 4 + 32 * bound(place, 0, 19);
        uint256 before;
        assembly ("memory-safe") {
            before := mload(add(add(data, 32), place))
            mstore(add(add(data, 32), place), value)
        }
        vm.assume(value != before);
        vm.prank(taker);
        (bool done,) = address(exchange).call(data);
        assertFalse(done, "filled");
    }

    // --- failures, by code ---

    function test_RefusesWalletsThatDoNotSaySo() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        Wallet.Mood[3] memory moods = [Wallet.Mood.REVERTS, Wallet.Mood.GARBAGE, Wallet.Mood.SHORT];
        for (uint256 i; i < moods.length; ++i) {
            _wallet.become(moods[i]);
            _refused(order, signature);
        }
        _wallet.become(Wallet.Mood.HONEST);
        _refused(order, signDigest(takerKey, exchange.hashOrder(order)));
    }

    function test_AWalletBurnsNoMoreThanItsShare() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        _wallet.become(Wallet.Mood.BURNS);
        uint256 before = gasleft();
        _refused(order, signature);
        assertLe(before - gasleft(), 500_000, "gas");
    }

    function test_AWalletsAnswerIsReadToItsFirstWord() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        _wallet.become(Wallet.Mood.LONG);
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
    }

    function test_AWalletCannotGetInWhileItIsAsked() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        _wallet.become(Wallet.Mood.REENTERS);
        _wallet.arm(address(exchange), abi.encodeCall(exchange.cancel, (order.nonce)));
        _refused(order, signature);
        _wallet.arm(address(exchange), abi.encodeCall(exchange.fill, (order, signature, buying(1e18))));
        _refused(order, signature);
        _wallet.arm(address(exchange), abi.encodeCall(exchange.quoteFill, (taker, order, signature, buying(1e18))));
        _refused(order, signature);
        // It may look.
        _wallet.arm(address(exchange), abi.encodeCall(exchange.remaining, (order)));
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
    }

    /// @dev With too little gas a wallet could not answer; that is not its fault, and is called by its name.
    function test_TooLittleGasIsNotABadSignature() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        vm.expectPartialRevert(IExchange.NotEnoughGas.selector);
        vm.prank(taker);
        exchange.fill{gas: 400_000}(order, signature, buying(1e18));
    }

    // --- what counts ---

    function test_AWalletsOwnerSigns() public {
        IExchange.Order memory order = _order();
        bytes memory signature = sign(order);
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
        assertEq(held(taker, call(3000)), 1e18, "filled");
        assertEq(lockedOf(address(_wallet), call(3000)), 1e18, "by the wallet");
    }

    function test_TheKeyOfADelegatedAccountStillCounts() public {
        IExchange.Order memory order = offer(call(3000), 1e18, 0.01e18);
        bytes memory signature = sign(order);
        vm.etch(maker, hex"ef01001234567890123456789012345678901234567890");
        vm.prank(taker);
        exchange.fill(order, signature, buying(1e18));
    }

    /// @dev The digest by the letter of EIP-712, field by field.
    function testFuzz_HashesAsTypedData(uint256 seed) public view {
        IExchange.Order memory order = _random(seed);
        bytes32 typeHash = keccak256(
            "Order(address maker,address taker,uint256 series,bool isBuy,bool useBook,uint8 kind,address premiumToken,uint128 amount,uint128 limit,uint40 deadline,uint64 nonce,uint128 minPremium,uint128 maxPremium,uint128 minSpot,uint128 maxSpot,uint32 maxFeedAge,bool storedCarry,int40 minCarry,int40 maxCarry,uint64 spotEdge)"
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Optionix Exchange"),
                keccak256("1"),
                block.chainid,
                address(exchange)
            )
        );
        bytes32 structHash = keccak256(abi.encode(typeHash, order));
        assertEq(exchange.hashOrder(order), keccak256(abi.encodePacked(hex"1901", domain, structHash)), "digest");
    }

    function _random(uint256 seed) private pure returns (IExchange.Order memory order) {
        uint256[20] memory word;
        for (uint256 i; i < 20; ++i) {
            word[i] = uint256(keccak256(abi.encode(seed, i)));
        }
        (order.maker, order.taker) = (address(uint160(word[0])), address(uint160(word[1])));
        order.series = SeriesId.wrap(word[2]);
        (order.isBuy, order.useBook) = (word[3] & 1 == 1, word[4] & 1 == 1);
        order.kind = IExchange.LimitKind(word[5] & 1);
        order.premiumToken = address(uint160(word[6]));
        (order.amount, order.limit) = (uint128(word[7]), uint128(word[8]));
        (order.deadline, order.nonce) = (uint40(word[9]), uint64(word[10]));
        (order.minPremium, order.maxPremium) = (uint128(word[11]), uint128(word[12]));
        (order.minSpot, order.maxSpot) = (uint128(word[13]), uint128(word[14]));
        (order.maxFeedAge, order.storedCarry) = (uint32(word[15]), word[16] & 1 == 1);
        (order.minCarry, order.maxCarry) = (int40(uint40(word[17])), int40(uint40(word[18])));
        order.spotEdge = uint64(word[19]);
    }
}
