// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Clearinghouse} from "../../../contracts/Clearinghouse.sol";
import {Markets} from "../../../contracts/Markets.sol";
import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {BookKey, SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {VolatilityOracle} from "../../../contracts/oracles/VolatilityOracle.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @dev halmos answers these cheat codes itself.
interface Hevm {
    function prank(address sender) external;
    function assume(bool condition) external pure;
}

/// @notice By halmos, for every caller and every argument: no restricted function goes through for whoever has no role, and
/// nobody but the owner or its operator makes a free balance smaller.
contract AccessSymbolic {
    Hevm private constant vm = Hevm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant OWNER = address(0xa11ce);
    uint256 private constant BALANCE = 5e18;

    AccessManager private access;
    Markets private markets;
    Clearinghouse private house;
    VolatilityOracle private oracle;
    TestToken private token;

    function setUp() public {
        access = new AccessManager(address(this));
        markets = new Markets(address(access));
        house = new Clearinghouse(address(access), address(markets), address(0));
        oracle = new VolatilityOracle(address(access), address(markets));
        token = new TestToken("Token", "TKN", 18);
        token.mint(OWNER, BALANCE);
        vm.prank(OWNER);
        token.approve(address(house), BALANCE);
        vm.prank(OWNER);
        house.deposit(address(token), BALANCE);
    }

    // --- restricted functions ---

    function _refused(address caller, address target, bytes memory data) private {
        vm.assume(caller != address(this) && caller != address(access));
        vm.prank(caller);
        (bool done,) = target.call(data);
        assert(!done);
    }

    function check_setTreasury(address caller, address treasury) external {
        _refused(caller, address(house), abi.encodeCall(IClearinghouse.setTreasury, (treasury)));
    }

    function check_setBountyCap(address caller, address asset, uint256 cap) external {
        _refused(caller, address(house), abi.encodeCall(IClearinghouse.setBountyCap, (asset, cap)));
    }

    function check_setWrappedNative(address caller, address asset) external {
        _refused(caller, address(house), abi.encodeCall(IClearinghouse.setWrappedNative, (asset)));
    }

    function check_setWritesPaused(address caller, bool paused) external {
        _refused(caller, address(house), abi.encodeCall(IClearinghouse.setWritesPaused, (paused)));
    }

    function check_addMarket(address caller, address base, address quote, IMarkets.FeedConfig memory config) external {
        _refused(caller, address(markets), abi.encodeCall(IMarkets.addMarket, (base, quote, config)));
    }

    function check_setFeed(address caller, uint16 market, IMarkets.FeedConfig memory config) external {
        _refused(caller, address(markets), abi.encodeCall(IMarkets.setFeed, (market, config)));
    }

    function check_listExpiry(address caller, uint16 market, uint40 expiry) external {
        _refused(caller, address(markets), abi.encodeCall(IMarkets.listExpiry, (market, expiry)));
    }

    function check_listSeries(address caller, SeriesId series) external {
        SeriesId[] memory list = new SeriesId[](1);
        list[0] = series;
        _refused(caller, address(markets), abi.encodeCall(IMarkets.listSeries, (list)));
    }

    function check_setSigners(address caller, address signer, uint8 threshold) external {
        address[] memory list = new address[](1);
        list[0] = signer;
        _refused(caller, address(oracle), abi.encodeCall(oracle.setSigners, (list, threshold)));
    }

    function check_setAnchor(address caller, uint16 market, uint256 volatility) external {
        _refused(caller, address(oracle), abi.encodeCall(oracle.setAnchor, (market, volatility)));
    }

    function check_setBounds(address caller, uint32 heartbeat, uint64 volatility, uint64 carry, uint32 most) external {
        _refused(caller, address(oracle), abi.encodeCall(oracle.setBounds, (heartbeat, volatility, carry, most)));
    }

    // --- option tokens ---

    function check_onlyTheClearinghouseMints(address caller, address to, uint256 id, uint256 amount) external {
        vm.assume(caller != address(house));
        vm.prank(caller);
        (bool done,) =
            house.optionToken().call(abi.encodeWithSignature("mint(address,uint256,uint256)", to, id, amount));
        assert(!done);
    }

    function check_onlyTheClearinghouseBurns(address caller, address from, uint256 id, uint256 amount) external {
        vm.assume(caller != address(house));
        vm.prank(caller);
        (bool done,) =
            house.optionToken().call(abi.encodeWithSignature("burn(address,uint256,uint256)", from, id, amount));
        assert(!done);
    }

    // --- free balances ---

    function _keepsTheOwners(address caller, bytes memory data) private {
        vm.assume(caller != OWNER && caller != address(house));
        vm.prank(caller);
        (bool done,) = address(house).call(data);
        done;
        assert(house.freeBalance(OWNER, address(token)) >= BALANCE);
    }

    function check_payMovesNobodyElses(address caller, address from, address to, address asset, uint256 assets)
        external
    {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.pay, (from, to, asset, assets)));
    }

    function check_withdrawMovesNobodyElses(address caller, uint256 assets, address receiver) external {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.withdraw, (address(token), assets, receiver)));
    }

    function check_withdrawForMovesNobodyElses(address caller, address account, uint256 assets) external {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.withdrawFor, (account, address(token), assets)));
    }

    function check_writeMovesNobodyElses(
        address caller,
        address account,
        SeriesId series,
        uint256 amount,
        address receiver
    ) external {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.write, (account, series, amount, receiver)));
    }

    function check_placeMovesNobodyElses(address caller, address account, SeriesId series, uint256 amount) external {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.place, (account, series, amount)));
    }

    function check_accrueFeeMovesNobodyElses(address caller, BookKey key, uint256 assets) external {
        _keepsTheOwners(caller, abi.encodeCall(IClearinghouse.accrueFee, (key, assets)));
    }

    /// @dev An operator with both flags takes nothing to itself: it pays out to the owner alone.
    function check_anOperatorWithdrawsToTheOwnerAlone(address operator, uint256 assets) external {
        vm.assume(operator != OWNER && operator != address(house));
        vm.prank(OWNER);
        house.setOperator(operator, 2);
        uint256 before = token.balanceOf(operator);
        uint256 total = token.balanceOf(OWNER) + house.freeBalance(OWNER, address(token));
        vm.prank(operator);
        (bool done,) = address(house).call(abi.encodeCall(IClearinghouse.withdrawFor, (OWNER, address(token), assets)));
        done;
        assert(token.balanceOf(operator) == before);
        assert(token.balanceOf(OWNER) + house.freeBalance(OWNER, address(token)) == total);
    }
}
