// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../../../contracts/interfaces/IAsyncVault.sol";
import {IClearinghouse} from "../../../contracts/interfaces/IClearinghouse.sol";
import {IOptionToken} from "../../../contracts/interfaces/IOptionToken.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IVaultPricer} from "../../../contracts/interfaces/IVaultPricer.sol";
import {SeriesId, SeriesIdLib, Side} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {VolatilityFixture} from "../volatility/VolatilityFixture.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @notice The whole face of a vault, without its code: tests deploy it from the artefact.
interface IVault is IOptionVault, IERC20Metadata, IERC7540Deposit, IERC7540Redeem, IERC7540Operator {
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
    event Withdraw(
        address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares
    );

    function asset() external view returns (address);
    function pricer() external view returns (IVaultPricer);
    function scale() external view returns (uint256);
    function written(SeriesId series) external view returns (uint256);
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256);
    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256);
    function deposit(uint256 assets, address receiver) external returns (uint256);
    function mint(uint256 shares, address receiver) external returns (uint256);
    function maxDeposit(address) external view returns (uint256);
    function maxMint(address) external view returns (uint256);
    function maxRedeem(address) external view returns (uint256);
    function maxWithdraw(address) external view returns (uint256);
    function totalAssets() external view returns (uint256);
    function convertToShares(uint256) external view returns (uint256);
    function convertToAssets(uint256) external view returns (uint256);
    function previewDeposit(uint256) external view returns (uint256);
    function previewMint(uint256) external view returns (uint256);
    function previewRedeem(uint256) external view returns (uint256);
    function previewWithdraw(uint256) external view returns (uint256);
    function share() external view returns (address);
    function supportsInterface(bytes4) external view returns (bool);
}

/// @notice A call and a put vault over the market of the volatility fixture, each with liquidity, fresh slices, and a
/// buyer and a depositor with money.
abstract contract VaultFixture is VolatilityFixture {
    IClearinghouse internal house;
    IVaultPricer internal pricer;
    IVault internal calls;
    IVault internal puts;

    address internal alice; // deposits
    address internal bob; // trades

    uint256 internal constant LIQUIDITY = 100e18;
    uint256 internal constant QUOTE_LIQUIDITY = 300_000e6;

    SeriesId internal call3000;
    SeriesId internal call3300;
    SeriesId internal put3000;
    SeriesId internal put2700;

    function setUp() public virtual override {
        super.setUp();
        address renderer = vm.deployCode("OptionRenderer.sol:OptionRenderer", abi.encode(address(markets)));
        house = IClearinghouse(
            vm.deployCode("Clearinghouse.sol:Clearinghouse", abi.encode(address(access), address(markets), renderer))
        );
        pricer = IVaultPricer(vm.deployCode("VaultPricer.sol:VaultPricer", abi.encode(address(oracle))));
        alice = makeAddr("alice");
        bob = makeAddr("bob");
        _listSeries();
        calls = _newVault(MARKET, Side.CALL);
        puts = _newVault(MARKET, Side.PUT);
        postVolatility(NEAR, 0.6e18);
        postVolatility(FAR, 0.6e18);

        enter(calls, alice, LIQUIDITY);
        enter(puts, alice, QUOTE_LIQUIDITY);
        _fund(bob);
    }

    function _newVault(uint16 market, Side side) internal returns (IVault) {
        return IVault(
            vm.deployCode(
                "OptionVault.sol:OptionVault",
                abi.encode(address(access), address(house), address(pricer), market, uint8(side))
            )
        );
    }

    function _listSeries() private {
        uint64[5] memory strikes = [uint64(2400e8), 2700e8, 3000e8, 3300e8, 3900e8];
        SeriesId[] memory list = new SeriesId[](20);
        for (uint256 i; i < 5; ++i) {
            list[4 * i] = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, strikes[i]);
            list[4 * i + 1] = SeriesIdLib.pack(MARKET, Side.PUT, NEAR, strikes[i]);
            list[4 * i + 2] = SeriesIdLib.pack(MARKET, Side.CALL, FAR, strikes[i]);
            list[4 * i + 3] = SeriesIdLib.pack(MARKET, Side.PUT, FAR, strikes[i]);
        }
        markets.listSeries(list);
        call3000 = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 3000e8);
        call3300 = SeriesIdLib.pack(MARKET, Side.CALL, NEAR, 3300e8);
        put3000 = SeriesIdLib.pack(MARKET, Side.PUT, NEAR, 3000e8);
        put2700 = SeriesIdLib.pack(MARKET, Side.PUT, NEAR, 2700e8);
    }

    /// @dev A trader with tokens in the wallet and in the Clearinghouse, allowances and the TRADE flag for both vaults.
    function _fund(address trader) internal {
        weth.mint(trader, 1000e18);
        usdc.mint(trader, 3_000_000e6);
        vm.startPrank(trader);
        weth.approve(address(house), type(uint256).max);
        usdc.approve(address(house), type(uint256).max);
        house.deposit(address(weth), 500e18);
        house.deposit(address(usdc), 1_500_000e6);
        house.setOperator(address(calls), 1);
        house.setOperator(address(puts), 1);
        weth.approve(address(calls), type(uint256).max);
        usdc.approve(address(puts), type(uint256).max);
        vm.stopPrank();
    }

    // --- actions ---

    /// @notice Requests a deposit, waits for its notice, has it processed and claims the shares. Time moves an hour.
    function enter(IVault vault, address account, uint256 assets) internal returns (uint256 shares) {
        requestDeposit(vault, account, assets);
        skip(1 hours);
        refresh();
        vault.process(10);
        uint256 claimable = vault.maxDeposit(account);
        vm.prank(account);
        shares = vault.deposit(claimable, account, account);
    }

    function requestDeposit(IVault vault, address account, uint256 assets) internal returns (uint256 id) {
        TestToken token = TestToken(vault.asset());
        token.mint(account, assets);
        vm.startPrank(account);
        token.approve(address(vault), assets);
        id = vault.requestDeposit(assets, account, account);
        vm.stopPrank();
    }

    /// @notice Posts a new round and fresh slices at the present spot and volatility, and a new block.
    function refresh() internal {
        (, int256 answer,,,) = feed.latestRoundData();
        feed.post(answer);
        vm.roll(vm.getBlockNumber() + 1);
        _repost(NEAR);
        _repost(FAR);
    }

    function _repost(uint40 expiry) private {
        uint256 time = vm.getBlockTimestamp();
        uint40 stored = oracle.slice(MARKET, expiry).timestamp;
        if (expiry > time && stored != 0 && stored < time) postVolatility(expiry, 0.6e18);
    }

    function nextBlock() internal {
        vm.roll(vm.getBlockNumber() + 1);
    }

    /// @notice Moves spot to a price in whole quote units.
    function moveSpot(uint256 price) internal {
        feed.post(int256(price * 1e8));
    }

    function buy(IVault vault, SeriesId series, uint256 amount) internal returns (uint256) {
        vm.prank(bob);
        return vault.buy(series, amount, type(uint256).max, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    function sell(IVault vault, SeriesId series, uint256 amount) internal returns (uint256) {
        vm.prank(bob);
        return vault.sell(series, amount, 0, bob, type(uint256).max, IOptionVault.Funds.FREE_BALANCE);
    }

    /// @notice Settles an expiry at a price: rounds through the last half hour before it, then the proof.
    function settle(uint40 expiry, uint256 price) internal {
        vm.warp(expiry - 40 minutes);
        uint80 last;
        for (uint256 i; i < 4; ++i) {
            last = feed.post(int256(price * 1e8));
            skip(10 minutes);
        }
        // the loop ends at expiry; the last round is ten minutes older
        skip(2 minutes);
        markets.settle(MARKET, expiry, last);
        nextBlock();
    }

    // --- looking ---

    function holding(address account, SeriesId series) internal view returns (uint256) {
        return IOptionToken(house.optionToken()).balanceOf(account, SeriesId.unwrap(series));
    }

    function free(address account, address token) internal view returns (uint256) {
        return house.freeBalance(account, token);
    }

    /// @notice What the vault has booked, all ledgers together, and what it has in the Clearinghouse.
    function booked(IVault vault) internal view returns (uint256) {
        (uint256 pendingAssets,, uint256 claimableAssets,) = vault.queueTotals();
        return vault.idleAssets() + pendingAssets + claimableAssets;
    }
}
