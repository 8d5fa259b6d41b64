// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMarkets} from "../../../contracts/interfaces/IMarkets.sol";
import {HistoryFixture} from "../support/HistoryFixture.sol";
import {SettleReference} from "./SettleReference.sol";

/// @notice At any block exactly one round is accepted, and exactly one outcome possible, whatever the feed does.
contract SettleFuzzTest is HistoryFixture {
    using SettleReference for SettleReference.R[];

    uint16 private constant PHASES = 3;
    uint64 private constant MOST = 9;

    SettleReference.R[] private _rounds;
    uint256 private _seed;
    uint16 private _checkpointed;
    uint16 private _live;

    /// forge-config: default.fuzz.runs = 500
    /// @dev Feeds that keep their own rules, with phases that begin and overlap anywhere, rounds of one second, pauses, and
    /// answers that are zero, negative or out of range; a checkpoint or none; the live phase any not before it.
    function testFuzz_AcceptsExactlyTheRoundOfThePlainRule(uint256 seed) public {
        _write(seed);
        _maybeCheckpoint();
        _end();
        SettleReference.R[] memory rounds = _rounds;
        uint16 phase = rounds.phaseOf(_checkpointed, _live, LATER);
        uint256 last = phase == 0 ? rounds.length : rounds.lastOf(phase, LATER);
        (bool provable, uint256 price) =
            rounds.average(phase, SettleReference.Rules(LATER, 7200, 10 * DOLLAR, 100_000 * DOLLAR));
        uint80 expected = last == rounds.length ? 0 : history.idOf(phase, rounds[last].number);
        assertEq(markets.lastRound(ETH, LATER), expected, "last round");

        uint256 accepted;
        for (uint16 p; p <= PHASES + 1; ++p) {
            for (uint64 n; n <= MOST + 1; ++n) {
                uint80 id = history.idOf(p, n);
                (bool ok, uint256 found) = attempt(abi.encodeCall(IMarkets.settle, (ETH, LATER, id)));
                if (!ok) continue;
                ++accepted;
                assertEq(id, expected, "another round than the last was accepted");
                assertEq(found, price, "average");
            }
        }
        assertEq(accepted, provable && expected != 0 ? 1 : 0, "accepted rounds");
    }

    /// forge-config: default.fuzz.runs = 350
    /// @dev Feeds that break their own rules too: holes, rounds without a date, rounds that revert, dates out of order, a
    /// newest round that is not the newest. Never are two outcomes possible, and after eight days always one is.
    function testFuzz_NeverTwoOutcomesAndInTheEndOne(uint256 seed) public {
        _write(seed);
        _break();
        _maybeCheckpoint();
        _end();
        uint80 last = markets.lastRound(ETH, LATER);
        assertLe(_outcomes(last), 1, "before a fallback");
        vm.warp(LATER + 2 days);
        assertLe(_outcomes(last), 1, "first fallback open");
        vm.warp(LATER + 9 days);
        assertEq(_outcomes(last), 1, "second fallback open");
    }

    /// @dev All ways that settle, each with every round. Each must be with the round that the contract itself names.
    function _outcomes(uint80 last) private returns (uint256 possible) {
        for (uint16 p; p <= PHASES + 1; ++p) {
            for (uint64 n; n <= MOST + 1; ++n) {
                uint80 id = history.idOf(p, n);
                (bool average,) = attempt(abi.encodeCall(IMarkets.settle, (ETH, LATER, id)));
                (bool round,) = attempt(abi.encodeCall(IMarkets.settleAtLastRound, (ETH, LATER, id)));
                if (!average && !round) continue;
                assertEq(id, last, "another round than the last was accepted");
                assertFalse(average && round, "two rules with one round");
                ++possible;
            }
        }
        (bool kept,) = attempt(abi.encodeCall(IMarkets.settleAtCheckpoint, (ETH, LATER)));
        if (kept) ++possible;
    }

    function _write(uint256 seed) private {
        _seed = seed;
        history.setNewest(0);
        for (uint16 phase = 1; phase <= PHASES; ++phase) {
            uint256 count = _below(MOST) + 1;
            uint256 date = LATER - _below(3) * 3600 - _below(3600) + 900;
            for (uint64 number = 1; number <= count; ++number) {
                _rounds.push(SettleReference.R(phase, number, _answer(), date));
                history.set(phase, number, _rounds[_rounds.length - 1].answer, date);
                uint256 kind = _below(8);
                // Same seconds, and the edges themselves, are among the dates.
                if (kind == 0) continue;
                if (kind == 1 && date < LATER) date = LATER;
                else if (kind == 2 && date < LATER_OPENING) date = LATER_OPENING;
                else if (kind == 3) date += _below(9000);
                else date += _below(900);
            }
        }
    }

    function _answer() private returns (int256) {
        uint256 kind = _below(40);
        if (kind == 0) return 0;
        if (kind == 1) return -int256(_below(5000)) * DOLLAR;
        if (kind == 2) return 200_000 * DOLLAR;
        if (kind == 3) return 10 * DOLLAR - 1;
        return int256(1000e8 + _below(1000e8));
    }

    function _break() private {
        for (uint256 i; i < _rounds.length; ++i) {
            SettleReference.R memory r = _rounds[i];
            uint256 kind = _below(10);
            if (kind == 0) history.setReverts(history.idOf(r.phase, r.number), true);
            if (kind == 1) history.set(r.phase, r.number, r.answer, 0);
            if (kind == 2) history.set(r.phase, r.number, r.answer, LATER - 7200 + _below(7800));
            if (kind == 3) history.set(r.phase, r.number, type(int256).max, r.date);
        }
    }

    /// @dev At a round that a feed could show then: dated before expiry, in range.
    function _maybeCheckpoint() private {
        if (_below(3) == 0) return;
        SettleReference.R memory r = _rounds[_below(_rounds.length)];
        if (r.date > LATER || r.answer < 10 * DOLLAR || r.answer > 100_000 * DOLLAR) return;
        history.setNewest(history.idOf(r.phase, r.number));
        uint256 when = r.date + _below(7200);
        vm.warp(when < LATER ? when : LATER);
        try markets.checkpoint(ETH, LATER) {
            _checkpointed = r.phase;
        } catch {}
    }

    /// @dev The live phase is the checkpoint's or a later one, its newest round the last that was written.
    function _end() private {
        _live = _checkpointed == 0 ? PHASES : uint16(_checkpointed + _below(PHASES - _checkpointed + 1));
        uint256 latest = LATER;
        for (uint256 i; i < _rounds.length; ++i) {
            if (_rounds[i].phase == _live) history.setNewest(history.idOf(_live, _rounds[i].number));
            if (_rounds[i].date > latest) latest = _rounds[i].date;
        }
        vm.warp(latest + 60 + _below(120));
    }

    function _below(uint256 limit) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % limit;
    }
}
