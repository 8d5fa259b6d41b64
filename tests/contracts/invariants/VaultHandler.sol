// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {IVault, VaultFixture} from "../vault/VaultFixture.sol";

/// @notice What a vault says of its pauses.
interface IPauses {
    function tradesPaused() external view returns (bool);
}

/// @notice Three people who trade with both vaults, enter them and leave them, over two expiries of which the nearer
/// settles in the middle of a run; prices move and a keeper posts slices.
abstract contract VaultHandler is VaultFixture {
    uint256 internal constant PEOPLE = 3;

    address[PEOPLE] internal _people;

    /// @notice Calls that went through, by name, so that a run that does nothing is seen.
    mapping(bytes32 name => uint256) public done;

    /// @dev The newest requests of each vault.
    mapping(address vault => uint256) internal _lastDeposit;
    mapping(address vault => uint256) internal _lastRedeem;

    /// @dev Whether the feed is gone for good.
    bool internal _dead;

    /// @dev Vaults that were left by all with something locked.
    mapping(address vault => bool) internal _forsaken;

    /// @notice The first thing that a call did and must not do. Empty while all is well.
    string public broken;

    function setUp() public virtual override {
        super.setUp();
        _people = [alice, bob, makeAddr("carol")];
        _fund(_people[0]);
        _fund(_people[2]);
    }

    function _breaks(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }

    function _vault(uint256 seed) internal view returns (IVault) {
        return seed % 2 == 0 ? calls : puts;
    }

    function _who(uint256 seed) internal view returns (address) {
        return _people[seed / 8 % PEOPLE];
    }

    function _series(uint256 seed) internal view returns (IVault vault, SeriesId series) {
        SeriesId[4] memory all = [call3000, put3000, call3300, put2700];
        series = all[seed % 4];
        vault = _vault(seed);
        if (seed / 4 % 2 == 1) series = SeriesId.wrap(SeriesId.unwrap(series) + (uint256(FAR - NEAR) << 64));
    }

    // --- trades ---

    function doBuy(uint256 seed, uint256 amount) external {
        (IVault vault, SeriesId series) = _series(seed);
        amount = bound(amount, 0.01e18, 30e18) / 1e10 * 1e10;
        uint256 promised = vault.quoteBuy(series, amount).total;
        uint256 cost = _buy(_who(seed), vault, series, amount, IOptionVault.Funds(seed / 32 % 2));
        if (cost != promised) _breaks("a buy cost other than its quote");
        _traded(vault, series);
        ++done["buy"];
    }

    function doSell(uint256 seed, uint256 amount) external {
        address who = _who(seed);
        (IVault vault, SeriesId series) = _series(seed);
        // The first series from there on that this one holds.
        for (uint256 i = 1; i < 8 && holding(who, series) < 0.01e18; ++i) {
            (vault, series) = _series(seed % 8 + i);
        }
        uint256 held = holding(who, series);
        if (held < 0.01e18) return;
        amount = bound(amount, 0.01e18, held) / 1e10 * 1e10;
        uint256 promised = vault.quoteSell(series, amount).total;
        uint256 proceeds = _sell(who, vault, series, amount, IOptionVault.Funds(seed / 32 % 2));
        if (proceeds != promised) _breaks("a sale gave other than its quote");
        _traded(vault, series);
        ++done["sell"];
    }

    function _buy(address who, IVault vault, SeriesId series, uint256 amount, IOptionVault.Funds from)
        internal
        returns (uint256)
    {
        vm.prank(who);
        return vault.buy(series, amount, type(uint256).max, who, type(uint256).max, from);
    }

    function _sell(address who, IVault vault, SeriesId series, uint256 amount, IOptionVault.Funds to)
        internal
        returns (uint256)
    {
        vm.prank(who);
        return vault.sell(series, amount, 0, who, type(uint256).max, to);
    }

    /// @dev A trade went through: it must have been allowed to.
    function _traded(IVault vault, SeriesId series) internal {
        if (vm.getBlockTimestamp() + 30 minutes + 2 hours >= series.expiry()) _breaks("a trade after the cutoff");
        if (IPauses(address(vault)).tradesPaused()) _breaks("a trade while paused");
        if (oracle.isHalted(MARKET, series.expiry())) _breaks("a trade while halted");
    }

    // --- shares ---

    function doRequestDeposit(uint256 seed, uint256 assets) external {
        IVault vault = _vault(seed);
        uint256 unit = seed % 2 == 0 ? 1e18 : 3000e6;
        assets = bound(assets, unit / 1000, 50 * unit);
        // One prank a call: a refusal must not leave one behind. The allowance is there since the start.
        TestToken(vault.asset()).mint(_who(seed), assets);
        vm.prank(_who(seed));
        _lastDeposit[address(vault)] = vault.requestDeposit(assets, _who(seed), _who(seed));
        ++done["requestDeposit"];
    }

    function doRequestRedeem(uint256 seed, uint256 shares) external {
        IVault vault = _vault(seed);
        uint256 held = vault.balanceOf(_who(seed));
        if (held == 0) return;
        vm.prank(_who(seed));
        _lastRedeem[address(vault)] = vault.requestRedeem(bound(shares, held / 100 + 1, held), _who(seed), _who(seed));
        ++done["requestRedeem"];
    }

    function doProcess(uint256 seed) external {
        _process(_vault(seed), bound(seed >> 8, 1, 5));
    }

    /// @dev Processing takes nothing from those who stay: the leavers' value of a share never falls by it. A vault whose
    /// last share leaves has nobody who stays.
    function _process(IVault vault, uint256 most) internal {
        (, uint256 before) = vault.netAssets();
        uint256 supply = vault.totalSupply();
        vault.process(most);
        (, uint256 later) = vault.netAssets();
        uint256 virtual_ = address(vault) == address(calls) ? 1000 : 1000e12;
        if ((later + 1000) * (supply + virtual_) < (before + 1000) * (vault.totalSupply() + virtual_)) {
            _breaks("processing took from those who stay");
        }
        _noteForsaken(vault);
        ++done["process"];
    }

    /// @dev Who leaves without prices leaves what is locked to those who stay. Where nobody stays, or so few that the virtual
    /// shares outweigh them, it belongs to nobody.
    function _noteForsaken(IVault vault) internal {
        uint256 virtual_ = address(vault) == address(calls) ? 1000 : 1000e12;
        if (vault.totalSupply() < 1e6 * virtual_ && vault.lockedAssets() != 0) _forsaken[address(vault)] = true;
    }

    function doClaim(uint256 seed) external {
        IVault vault = _vault(seed);
        address who = _who(seed);
        uint256 assets = vault.maxDeposit(who);
        if (assets > 1) {
            vm.prank(who);
            vault.deposit(seed % 7 == 0 ? assets : assets / 2, who, who);
            ++done["claim"];
        }
        uint256 shares = vault.maxRedeem(who);
        if (shares > 1) {
            vm.prank(who);
            vault.redeem(seed % 5 == 0 ? shares : shares / 2, who, who);
            ++done["claim"];
        }
    }

    /// @notice One of the newest requests that still wait is cancelled by whose it is.
    function doCancel(uint256 seed) external {
        IVault vault = _vault(seed);
        bool deposits = seed / 2 % 2 == 0;
        uint256 id = deposits ? _lastDeposit[address(vault)] : _lastRedeem[address(vault)];
        for (uint256 i; i < 4 && id > i; ++i) {
            for (uint256 p; p < PEOPLE; ++p) {
                if (!_waits(vault, deposits, id - i, _people[p])) continue;
                vm.prank(_people[p]);
                if (deposits) vault.cancelDeposit(id - i);
                else vault.cancelRedeem(id - i);
                ++done["cancel"];
                return;
            }
        }
    }

    function _waits(IVault vault, bool deposits, uint256 id, address who) internal view returns (bool) {
        return (deposits ? vault.pendingDepositRequest(id, who) : vault.pendingRedeemRequest(id, who)) != 0;
    }

    // --- time ---

    /// @notice Time passes, the price moves, the keeper posts; what has expired is settled.
    function doMove(uint256 seed) public {
        skip(bound(seed >> 16, 1, 5 hours));
        if (_dead) return;
        moveSpot(bound(seed >> 32, 2500, 3600));
        try this.refreshAll() {} catch {}
        _settleIfExpired(NEAR);
        _settleIfExpired(FAR);
    }

    /// @notice The same, and requests are processed.
    function doMoveAndProcess(uint256 seed) external {
        doMove(seed);
        _process(_vault(seed), 3);
    }

    /// @dev Apart, so that a refused report undoes no more than itself.
    function refreshAll() external {
        refresh();
    }

    function _settleIfExpired(uint40 expiry) internal {
        (uint256 price,) = markets.settlement(MARKET, expiry);
        if (price != 0 || vm.getBlockTimestamp() <= expiry) return;
        try markets.settle(MARKET, expiry, markets.lastRound(MARKET, expiry)) {
            ++done["settle"];
        } catch {}
    }
}
