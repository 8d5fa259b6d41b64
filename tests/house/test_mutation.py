"""The mutator: what it changes, that all its changes fit into one source, and that it cannot be green by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.mutation import lists, schemata, verdict, workspace
from tools.mutation.lists import ListError, Lists, Scope, Survivor
from tools.mutation.modifiers import headers
from tools.mutation.operators import all_mutants
from tools.mutation.schemata import SWITCH, SWITCH_FILE, Mutant, Numbered, OverlapError, carry, number_at
from tools.mutation.syntax import analyse
from tools.mutation.verdict import Outcome
from tools.mutation.workspace import RunError, judge

ROOT = Path(__file__).resolve().parents[2]
FILE = "contracts/Till.sol"
SOURCE = b"""// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
library Scales { function up(uint256 a, uint256 b) internal pure returns (uint256) { return (a + b - 1) / b; } }
/// @dev A till \xe2\x80\x93 with bytes that are no letters.
contract Till {
    uint256 private constant MOST = 7;
    mapping(address => uint256) private _held;
    event Paid(address to, uint256 sum);
    error TooMuch(uint256 sum);
    modifier only(address who) { require(msg.sender == who); _; }
    modifier counted() { _; }
    function _min(uint256 a, uint256 b) private pure returns (uint256) { return a < b ? a : b; }
    function _partUp(uint256 a, uint256 b) private pure returns (uint256) { return Scales.up(a, b); }
    function _partDown(uint256 a, uint256 b) private pure returns (uint256) { return a / b; }
    function pay(address to, uint256 sum, int256 tip) external only(to) counted returns (uint256 left) {
        if (sum > MOST && tip < 0) revert TooMuch(sum);
        require(sum != 0, TooMuch(0));
        for (uint256 i; i < sum; ++i) {
            if (i == 3) continue;
            _held[to] += _partUp(i, sum);
        }
        if (sum == 1) return 0;
        unchecked { --_held[to]; }
        emit Paid(to, _min(sum, uint256(-tip)));
        left = _held[to] - sum * 2;
        return left;
    }
}
"""


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    sources = {FILE: SOURCE}
    trees, refusals = analyse(ROOT, sources)
    assert not refusals
    return all_mutants(trees, sources, [FILE])


@pytest.mark.parametrize(
    ("operator", "change"),
    [
        ("boundary", "sum > MOST -> sum >= MOST"),
        ("boundary", "sum == 1 -> sum != 1"),
        ("conjunct", "sum > MOST && tip < 0 -> tip < 0"),
        ("negate", "sum > MOST && tip < 0 -> !(sum > MOST && tip < 0)"),
        ("negate", "-tip -> tip"),
        ("constant", "MOST -> MOST + 1"),
        ("constant", "tip < 0 -> tip < (0 + 1)"),
        ("require", "require(sum != 0, TooMuch(0)); -> nothing"),
        ("require", "if (sum > MOST && tip < 0) revert TooMuch(sum); -> nothing"),
        ("statement", "continue; -> nothing"),
        ("statement", "emit Paid(to, _min(sum, uint256(-tip))); -> nothing"),
        ("statement", "left = _held[to] - sum * 2; -> nothing"),
        ("return", "return 0; -> nothing"),
        ("arithmetic", "_held[to] += _partUp(i, sum); -> _held[to] -= _partUp(i, sum);"),
        ("arithmetic", "sum * 2 -> sum / 2"),
        ("arithmetic", "--_held[to]; -> _held[to]++;"),
        ("rounding", "_partUp(i, sum) -> _partDown(i, sum)"),
        ("swap", "_partUp(i, sum) -> _partUp(sum, i)"),
        ("minmax", "_min(sum, uint256(-tip)) -> sum"),
        ("modifier", "Till.pay only(to) -> only(to)"),
        ("modifier", "Till.pay counted -> counted"),
    ],
)
def test_each_operator_makes_its_mutant(mutants: list[Mutant], operator: str, change: str) -> None:
    made = {(mutant.name.split(".")[-2], mutant.change) for mutant in mutants}
    assert (operator, change) in made


def test_no_name_stands_for_two(mutants: list[Mutant]) -> None:
    names = [mutant.name for mutant in mutants]
    assert len(set(names)) == len(names) and all(name.startswith("Till.") for name in names)


def test_a_name_outlives_an_edit_elsewhere(mutants: list[Mutant]) -> None:
    sources = {FILE: SOURCE.replace(b"contract Till {", b"contract Till {\n    uint256 public more = 1;\n")}
    trees, _ = analyse(ROOT, sources)
    assert [mutant.name for mutant in all_mutants(trees, sources, [FILE])] == [mutant.name for mutant in mutants]


def test_one_source_carries_them_all_and_compiles(mutants: list[Mutant]) -> None:
    trees, _ = analyse(ROOT, {FILE: SOURCE})
    numbered = [Numbered(number, mutant) for number, mutant in enumerate(mutants, 1)]
    text = carry(SOURCE, FILE, numbered, headers(trees[FILE], SOURCE))
    _, refusals = analyse(ROOT, {FILE: text, SWITCH_FILE: SWITCH.encode()})
    assert not refusals
    for one in numbered:
        assert text.count(f"isMutant({one.number})".encode()) == 1, one.mutant.name


def test_a_refusal_names_its_mutant() -> None:
    bad = Mutant(
        "bad", FILE, schemata.EXPRESSION, SOURCE.index(b"sum * 2"), SOURCE.index(b"sum * 2") + 7, "sum * 2", "to"
    )
    text = carry(SOURCE, FILE, [Numbered(41, bad)], {})
    _, refusals = analyse(ROOT, {FILE: text, SWITCH_FILE: SWITCH.encode()})
    assert 41 in {number_at(text, one.place) for one in refusals}


def test_mutants_that_cross_are_refused() -> None:
    a = Mutant("a", FILE, schemata.EXPRESSION, 400, 410, "", "1")
    b = Mutant("b", FILE, schemata.EXPRESSION, 405, 415, "", "1")
    with pytest.raises(OverlapError, match="a and b"):
        carry(SOURCE, FILE, [Numbered(1, a), Numbered(2, b)], {})


# --- the sample ---


def _many(file: str, count: int) -> list[Mutant]:
    return [Mutant(f"{file}.f.statement.{n}", file, schemata.STATEMENT, n, n + 1, "a;", "") for n in range(count)]


def test_the_sample_is_even_over_files_and_leaves_none_out() -> None:
    both = _many("a.sol", 2000) + _many("b.sol", 1000) + _many("c.sol", 2)
    chosen = verdict.sample(both, 5)
    counts = [sum(mutant.file == file for mutant in chosen) for file in ("a.sol", "b.sol", "c.sol")]
    assert 320 < counts[0] < 480 and 160 < counts[1] < 240 and counts[2] == 2


def test_a_new_file_changes_nothing_about_the_others() -> None:
    own = _many("a.sol", 500)
    assert verdict.sample(own, 5) == [one for one in verdict.sample(_many("b.sol", 70) + own, 5) if one.file == "a.sol"]


# --- the verdict ---


def _outcome(number: int, killer: str | None) -> Outcome:
    return Outcome(Mutant(f"m{number}", "a.sol", schemata.EXPRESSION, 0, 1, "a", "b"), killer, 0.1)


def test_a_survivor_must_be_argued() -> None:
    assert verdict.unargued([_outcome(1, "t"), _outcome(2, None)], []) == ["m2 lives and is not argued: a -> b"]
    assert not verdict.unargued([_outcome(2, None)], [Survivor("m2", "a -> b", "equal")])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Survivor("m9", "a -> b", "equal"), "no such mutant"),
        (Survivor("m1", "a -> b", "equal"), "was killed by t"),
        (Survivor("m2", "a -> c", "equal"), "is argued as"),
    ],
)
def test_an_argument_must_be_about_a_survivor(entry: Survivor, said: str) -> None:
    known = Survivor("m2", "a -> b", "equal")
    survivors = [entry] if entry.name == "m2" else [known, entry]
    wrong = verdict.unargued([_outcome(1, "t"), _outcome(2, None)], survivors)
    assert len(wrong) == 1 and said in wrong[0]


def test_too_few_or_too_many_alive_is_not_enough() -> None:
    good = [_outcome(n, None if n < 30 else "t") for n in range(300)]
    assert not verdict.shortfalls(good)
    assert "299 mutants" in verdict.shortfalls(good[1:])[0]
    assert "89.7 %" in verdict.shortfalls([*good[:299], _outcome(299, None)])[0]
    assert verdict.shortfalls([])
    assert verdict.table(good)[-1].split() == ["all", "300", "270", "30", "90.0", "%"]


# --- what forge says ---


def _said(*results: tuple[str, str]) -> bytes:
    tests = {name: {"status": status, "reason": "why"} for name, status in results}
    return b"Compiling\n" + json.dumps({"a.t.sol:ATest": {"test_results": tests}}).encode()


def test_a_failing_test_kills_and_a_set_up_that_fails_too() -> None:
    assert judge(_said(("test_A()", "Success"), ("test_B()", "Failure"))) == (1, "ATest.test_B: why")
    assert judge(_said(("setUp()", "Failure"))) == (0, "ATest.setUp: why")
    assert judge(_said(("test_A()", "Success"))) == (1, None)


def test_forge_without_a_verdict_kills_nothing() -> None:
    with pytest.raises(RunError):
        judge(b"error: the compiler fell over\n")


@pytest.mark.parametrize("answer", ["echo '{}'", "echo nothing; exit 1", "exit 0"])
def test_a_run_without_tests_is_no_kill(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = tmp_path / "forge"
    forge.write_text(f"#!/bin/sh\n{answer}\n")
    forge.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RunError):
        workspace.Workspace(ROOT, tmp_path).run(1, (), workspace.SHALLOW)


def test_a_run_out_of_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = tmp_path / "forge"
    forge.write_text("#!/bin/sh\ntail -f /dev/null\n")
    forge.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(workspace, "RUN_LIMIT_SECONDS", 0.3)
    run = workspace.Workspace(ROOT, tmp_path).run(1, (), workspace.SHALLOW)
    assert run.timed_out and run.killed


# --- the lists ---


def test_the_committed_lists_can_be_read_and_every_contract_has_its_tests() -> None:
    found = lists.read(ROOT / "tests" / "mutation")
    for path in (ROOT / "contracts").rglob("*.sol"):
        file = str(path.relative_to(ROOT))
        if found.is_core(file):
            for pattern in found.tests_of(file):
                assert list((ROOT / "tests" / "contracts").glob(pattern)), f"{file}: no tests match {pattern}"


def test_the_handmade_mutants_still_stand_where_they_are_said_to() -> None:
    found = lists.read(ROOT / "tests" / "mutation")
    sources = {str(p.relative_to(ROOT)): p.read_bytes() for p in (ROOT / "contracts").rglob("*.sol")}
    trees, refusals = analyse(ROOT, sources)
    assert not refusals
    mutants = lists.handmade_mutants(found, trees, sources)
    assert {mutant.name for mutant in mutants} == {f"handmade.{entry['name']}" for entry in found.handmade}


def test_a_contract_without_tests_is_refused() -> None:
    some = Lists((Scope("contracts/vault/*", ("vault/*",)),), ("contracts/mocks/*",), (), ())
    assert some.tests_of("contracts/vault/A.sol") == ("vault/*",) and not some.is_core("contracts/mocks/B.sol")
    with pytest.raises(ListError, match=r"contracts/New\.sol"):
        some.tests_of("contracts/New.sol")


def test_a_handmade_mutant_whose_text_is_gone_is_refused() -> None:
    trees, _ = analyse(ROOT, {FILE: SOURCE})
    entry = {"name": "n", "about": "a", "file": FILE, "function": "Till.pay", "original": "sum * 3", "changed": "1"}
    with pytest.raises(ListError, match="stands 0 times"):
        lists.handmade_mutants(Lists((), (), (entry,), ()), trees, {FILE: SOURCE})
    with pytest.raises(ListError, match=r"there is no Gone\.sol"):
        lists.handmade_mutants(Lists((), (), ({**entry, "file": "Gone.sol"},), ()), trees, {FILE: SOURCE})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("survivors", '[[survivor]]\nname = "a"\nchange = "b"\nwhy = " "', "needs a name, a change and a reason"),
        ("survivors", '[[survivor]]\nname = "a"\nchange = "b"\nwhy = "c"\n' * 2, "stands twice"),
        ("handmade", '[[mutant]]\nname = "a"\nabout = "b"', "lacks changed, file"),
    ],
)
def test_a_list_with_a_hole_is_refused(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text('outside = []\n[[scope]]\nfiles = "*"\ntests = ["*"]\n')
    for other in ("survivors", "handmade"):
        (tmp_path / f"{other}.toml").write_text(text if other == name else "")
    with pytest.raises(ListError, match=said):
        lists.read(tmp_path)
