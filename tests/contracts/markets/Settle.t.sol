// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAggregatorV3} from "../../../contracts/interfaces/IAggregatorV3.sol";
import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {ReplayFeed} from "../../../contracts/mocks/ReplayFeed.sol";
import {RoundReader} from "../../../contracts/oracles/RoundReader.sol";
import {MarketsFixture} from "../support/MarketsFixture.sol";

/// @notice `settle`: who may, with which round, and the average it stores.
contract SettleTest is MarketsFixture {
    event Settled(uint16 indexed market, uint40 indexed expiry, uint256 price, uint80 lastRoundId, address settler);

    uint40 private constant OPENING = EXPIRY - 30 minutes;

    // --- failures ---

    function test_RefusesAnUnlistedExpiry() public {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnlistedExpiry.selector, ETH, EXPIRY + 1 days));
        markets.settle(ETH, EXPIRY + 1 days, 1);
    }

    function test_RefusesBeforeAndAtExpiry() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotExpired.selector, EXPIRY, EXPIRY));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesASecondTime() public {
        settleAt(ETH, EXPIRY, feed, 3000e18);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.AlreadySettled.selector, ETH, EXPIRY));
        markets.settle(ETH, EXPIRY, uint80(1) << 64 | 1);
    }

    function test_RefusesARoundThatDoesNotExist() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, last + 1));
        markets.settle(ETH, EXPIRY, last + 1);
    }

    function test_RefusesARoundDatedAfterExpiry() public {
        post(OPENING, 3000);
        uint80 late = post(EXPIRY + 1, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, late));
        markets.settle(ETH, EXPIRY, late);
    }

    function test_RefusesARoundWhoseSuccessorIsDatedAtExpiry() public {
        uint80 early = post(OPENING, 3000);
        post(EXPIRY, 3001);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, early));
        markets.settle(ETH, EXPIRY, early);
    }

    function test_RefusesTheNewestRoundUntilAMinutePastExpiry() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 59);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, last));
        markets.settle(ETH, EXPIRY, last);
        vm.warp(EXPIRY + 60);
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesANonPositiveAnswer() public {
        post(OPENING - 1, 3000);
        post(OPENING + 100, -1);
        uint80 last = post(OPENING + 200, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, -1e8));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAnAnswerOutOfRange() public {
        uint80 last = post(OPENING, 100_001);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.PriceOutOfRange.selector, 100_001e8));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAnAnswerInForceBeyondTheFrozenAge() public {
        uint256 old = OPENING + 100 - 7201;
        post(old, 3000);
        uint80 last = post(OPENING + 100, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.StalePrice.selector, old, 7200));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_RefusesAHistoryThatBeginsInsideTheWindow() public {
        uint80 first = post(OPENING + 1, 3000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.WindowNotCovered.selector, first));
        markets.settle(ETH, EXPIRY, first);
    }

    function test_RefusesMoreRoundsThanOneCallWalks() public {
        post(OPENING, 3000);
        uint80 last;
        for (uint256 i = 1; i <= 512; ++i) {
            last = post(OPENING + i, 3000);
        }
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.TooManyRounds.selector, 512));
        markets.settle(ETH, EXPIRY, last);
    }

    function test_WalksAsManyRoundsAsOneCallMay() public {
        post(OPENING, 3000);
        uint80 last;
        for (uint256 i = 1; i <= 511; ++i) {
            last = post(OPENING + i, 3000);
        }
        vm.warp(EXPIRY + 60);
        assertEq(markets.settle(ETH, EXPIRY, last), 3000e18, "price");
    }

    function test_RefusesAGapInTheHistory() public {
        GappyFeed gappy = new GappyFeed();
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 3000e8, expiry - 1801);
        gappy.set(3, 3000e8, expiry - 10);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 3);
        // The round before the gap has no successor, but it is not the feed's newest.
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, uint80(1) << 64 | 1));
        markets.settle(ETH, expiry, uint80(1) << 64 | 1);
    }

    function test_RefusesDatesThatRiseOnTheWayBack() public {
        GappyFeed gappy = new GappyFeed();
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 3000e8, expiry - 1801);
        gappy.set(2, 3000e8, expiry - 100);
        gappy.set(3, 3000e8, expiry - 200);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 3);
    }

    function test_TakesAnIncompleteRoundForNone() public {
        GappyFeed gappy = new GappyFeed();
        uint40 expiry = _listWith(address(gappy), address(0));
        gappy.set(1, 3000e8, expiry - 1801);
        gappy.set(2, 3000e8, 0);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadRound.selector, uint80(1) << 64 | 2));
        markets.settle(ETH, expiry, uint80(1) << 64 | 2);
    }

    function test_RefusesACallThatStarvesTheReadOfARound() public {
        uint80 early = post(OPENING, 3000);
        post(EXPIRY - 1, 3001);
        vm.warp(EXPIRY + 60);
        // From far too little gas to enough: an existing successor is never taken for an absent one.
        for (uint256 gas_ = 20_000; gas_ < 700_000; gas_ += 10_000) {
            (bool ok,) = address(markets).call{gas: gas_}(abi.encodeCall(IMarkets.settle, (ETH, EXPIRY, early)));
            assertTrue(!ok, "a starved read settled at the wrong round");
        }
        (bool enough, bytes memory refusal) =
            address(markets).call{gas: 150_000}(abi.encodeCall(IMarkets.settle, (ETH, EXPIRY, early)));
        assertTrue(!enough, "150,000 gas suffices for a read of 200,000");
        assertEq(uint32(bytes4(refusal)), uint32(RoundReader.NotEnoughGas.selector), "refusal");
    }

    // --- the sequencer, by its own rounds ---

    function test_RefusesAWindowInWhichTheSequencerWasDown() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        vm.warp(expiry - 1700);
        uptime.post(1);
        vm.warp(expiry - 1600);
        uptime.post(0);
        uint80 last = post(expiry - 10, 3000);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, expiry - 1700));
        markets.settle(ETH, expiry, last);
    }

    function test_RefusesASequencerDownSinceBeforeTheWindow() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(1);
        uint40 expiry = _listWith(address(feed), address(uptime));
        uint80 last = post(expiry - 1800, 3000);
        vm.warp(expiry + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequencerDown.selector, START));
        markets.settle(ETH, expiry, last);
    }

    function test_SettlesWhenTheSequencerWentDownAfterExpiry() public {
        ReplayFeed uptime = new ReplayFeed(0, "uptime", address(this));
        uptime.post(0);
        uint40 expiry = _listWith(address(feed), address(uptime));
        uint80 last = post(expiry - 1800, 3000);
        vm.warp(expiry + 10);
        uptime.post(1);
        vm.warp(expiry + 60);
        assertEq(markets.settle(ETH, expiry, last), 3000e18, "price");
    }

    // --- the price ---

    function test_StoresPriceAndSettlerOnce() public {
        uint80 last = post(OPENING, 3000);
        vm.warp(EXPIRY + 60);
        (uint256 before,) = markets.settlement(ETH, EXPIRY);
        assertEq(before, 0, "unsettled");
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotSettled.selector, ETH, EXPIRY));
        markets.settlementPrice(ETH, EXPIRY);
        vm.expectEmit(address(markets));
        emit Settled(ETH, EXPIRY, 3000e18, last, STRANGER);
        vm.prank(STRANGER);
        markets.settle(ETH, EXPIRY, last);
        (uint256 price, address settler) = markets.settlement(ETH, EXPIRY);
        assertEq(price, 3000e18, "price");
        assertEq(markets.settlementPrice(ETH, EXPIRY), price, "one price");
        assertEq(settler, STRANGER, "settler");
    }

    function test_WeighsEachAnswerByTheTimeItWasInForce() public {
        post(OPENING - 600, 1000);
        post(OPENING + 300, 2000);
        post(OPENING + 300, 4000);
        uint80 last = post(EXPIRY - 1, 10_000);
        post(EXPIRY + 1, 99_999);
        // The answer before the opening counts from the opening; two rounds of one second leave the later one.
        uint256 expected = (300 * 1000e18 + 1499 * 4000e18 + 1 * 10_000e18) / uint256(1800);
        assertEq(markets.settle(ETH, EXPIRY, last), expected, "average");
    }

    function test_SettlesByTheSuccessorAtOnce() public {
        uint80 last = post(OPENING, 3000);
        post(EXPIRY + 1, 5000);
        assertEq(markets.settle(ETH, EXPIRY, last), 3000e18, "no minute to wait with a successor");
    }

    function test_SettlesInThePreviousPhaseWhenTheLiveOneBeganAfterExpiry() public {
        uint80 last = post(OPENING, 3000);
        feed.startPhase();
        post(EXPIRY + 5, 4000);
        assertEq(markets.settle(ETH, EXPIRY, last), 3000e18, "price");
    }

    function test_RefusesThePreviousPhaseWhenTheLiveOneReachesExpiry() public {
        uint80 early = post(OPENING - 10, 3000);
        feed.startPhase();
        uint80 last = post(OPENING - 5, 4000);
        vm.warp(EXPIRY + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotLastRound.selector, early));
        markets.settle(ETH, EXPIRY, early);
        assertEq(markets.settle(ETH, EXPIRY, last), 4000e18, "price");
    }

    function test_UsesTheFeedFrozenAtListing() public {
        ReplayFeed other = new ReplayFeed(8, "other", address(this));
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = address(other);
        markets.setFeed(ETH, config);
        vm.warp(OPENING);
        other.post(9999e8);
        settleAt(ETH, EXPIRY, feed, 3000e18);
        assertEq(markets.settlementPrice(ETH, EXPIRY), 3000e18, "price");
    }

    // --- properties ---

    /// forge-config: default.fuzz.runs = 200
    /// @dev Against a brute-force reference: at any one block exactly one id is accepted once the chain allows it, and the
    /// average equals a sum over every second of the window.
    function testFuzz_AcceptsExactlyOneRound(uint256 seed, uint8 count, uint16 after_) public {
        uint256 rounds = bound(count, 2, 24);
        uint256[] memory dates = new uint256[](rounds);
        int256[] memory answers = new int256[](rounds);
        uint256 date = EXPIRY - 3600;
        for (uint256 i; i < rounds; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            // Steps of zero seconds and rounds dated exactly at the edges are among them.
            uint256 step = seed % 8 == 0 ? 0 : (seed >> 8) % (7200 / rounds);
            if (seed % 8 == 1 && date < EXPIRY) step = EXPIRY - date;
            if (seed % 8 == 2 && date < OPENING) step = OPENING - date;
            date += i == 0 ? 0 : step;
            dates[i] = date;
            answers[i] = int256(1000e8 + (seed >> 32) % 1000e8);
            vm.warp(date);
            feed.post(answers[i]);
        }
        uint256 now_ = date > EXPIRY + 1 ? date : EXPIRY + 1;
        now_ += after_ % 120;
        vm.warp(now_);

        uint256 last;
        for (uint256 i; i < rounds; ++i) {
            if (dates[i] <= EXPIRY) last = i;
        }
        bool provable = last + 1 < rounds || now_ >= EXPIRY + 60;
        uint256 accepted;
        for (uint256 i; i <= rounds + 1; ++i) {
            try this.trySettle(uint80(1) << 64 | uint80(i)) returns (uint256 price) {
                ++accepted;
                assertEq(i, last + 1, "another round than the last was accepted");
                assertEq(price, _bruteForce(dates, answers), "average");
            } catch {}
        }
        assertEq(accepted, provable ? 1 : 0, "accepted ids");
    }

    /// forge-config: default.fuzz.runs = 200
    /// @dev With a new phase somewhere in the history: at most one id is accepted, it is the last round of all dated at or
    /// before expiry, and none is only where the live phase alone does not cover the window.
    function testFuzz_AcceptsOneRoundAcrossPhases(uint256 seed, uint8 count, uint8 at_) public {
        uint256 rounds = bound(count, 2, 16);
        uint256 switched = bound(at_, 1, rounds - 1);
        uint256[] memory dates = new uint256[](rounds);
        int256[] memory answers = new int256[](rounds);
        uint80[] memory ids = new uint80[](rounds);
        uint256 date = EXPIRY - 3600;
        uint256 last;
        for (uint256 i; i < rounds; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (i != 0) date += (seed >> 8) % (7200 / rounds);
            if (i == switched) feed.startPhase();
            dates[i] = date;
            answers[i] = int256(1000e8 + (seed >> 32) % 1000e8);
            vm.warp(date);
            ids[i] = feed.post(answers[i]);
            if (date <= EXPIRY) last = i;
        }
        vm.warp(date > EXPIRY ? date + 60 : EXPIRY + 60);
        uint256 accepted;
        for (uint256 i; i < rounds; ++i) {
            try this.trySettle(ids[i]) returns (uint256 price) {
                ++accepted;
                assertEq(i, last, "another round than the last was accepted");
                assertEq(price, _bruteForce(dates, answers), "average");
            } catch {}
        }
        bool covered = last < switched || dates[switched] <= OPENING;
        assertEq(accepted, covered ? 1 : 0, "accepted ids");
    }

    /// @dev Settles and undoes it, so that every id can be tried on one state.
    function trySettle(uint80 id) external returns (uint256 price) {
        try this.settleAndRevert(id) {
            revert("unreachable");
        } catch (bytes memory data) {
            require(data.length == 32);
            return abi.decode(data, (uint256));
        }
    }

    function settleAndRevert(uint80 id) external {
        uint256 price = markets.settle(ETH, EXPIRY, id);
        assembly ("memory-safe") {
            mstore(0, price)
            revert(0, 32)
        }
    }

    function _bruteForce(uint256[] memory dates, int256[] memory answers) private pure returns (uint256) {
        uint256 sum;
        for (uint256 second = OPENING; second < EXPIRY; ++second) {
            uint256 inForce;
            for (uint256 i; i < dates.length && dates[i] <= second; ++i) {
                inForce = uint256(answers[i]);
            }
            sum += inForce;
        }
        return sum * 1e10 / 1800;
    }

    function _listWith(address feed_, address sequencer) private returns (uint40 expiry) {
        IMarkets.FeedConfig memory config = feedConfig();
        config.feed = feed_;
        config.sequencerFeed = sequencer;
        config.sequencerGrace = 3600;
        markets.setFeed(ETH, config);
        expiry = EXPIRY + 1 days;
        markets.listExpiry(ETH, expiry);
    }
}

/// @notice A feed whose history can have holes and wrong dates.
contract GappyFeed is IAggregatorV3 {
    struct Answer {
        int256 answer;
        uint256 updatedAt;
    }

    uint8 public constant decimals = 8;
    string public constant description = "gappy";
    uint80 private _latest;
    mapping(uint80 => Answer) private _answers;

    function set(uint64 round, int256 answer, uint256 updatedAt) external {
        _latest = uint80(1) << 64 | round;
        _answers[_latest] = Answer(answer, updatedAt);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(_latest);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        Answer memory a = _answers[id];
        return (id, a.answer, a.updatedAt, a.updatedAt, id);
    }
}
