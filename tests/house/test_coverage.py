"""What the coverage figures are made of: a copy that means the same as the contracts, and nothing for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import coverage
from tools.coverage import File, assembly_lines, credit_assembly, read_lcov, report, spell_out_requires

CONTRACTS = sorted((Path(__file__).resolve().parents[2] / "contracts").rglob("*.sol"))

LCOV = """SF:contracts/A.sol
FN:1,A.f
FNDA:3,A.f
DA:1,3
DA:2,3
DA:3,0
BRDA:2,0,0,3
BRDA:2,0,1,-
end_of_record
"""


@pytest.mark.parametrize(
    ("written", "spelt_out"),
    [
        ("require(a, E());", "if (!(a)) revert E();"),
        ("require(f(a, b) < c[d], E(f(a, b), c));", "if (!(f(a, b) < c[d])) revert E(f(a, b), c);"),
        ("require(\n    a,\n    E(a)\n);", "if (!(\n    a)) revert E(a)\n\n;"),
        ("// require(a, E());", "// require(a, E());"),
        ('require(a, "text");', 'require(a, "text");'),
        ("require(a);", "require(a);"),
    ],
)
def test_a_require_is_spelt_out(written: str, spelt_out: str) -> None:
    assert spell_out_requires(written) == spelt_out


def test_every_line_of_the_contracts_keeps_its_number() -> None:
    for path in CONTRACTS:
        before, after = path.read_text(), spell_out_requires(path.read_text())
        assert before.count("\n") == after.count("\n"), path


def test_an_open_bracket_is_refused() -> None:
    with pytest.raises(ValueError, match="never closed"):
        spell_out_requires("require(a, E();")


def test_assembly_counts_as_the_function_around_it() -> None:
    source = 'function f() {\n    g();\n    assembly ("memory-safe") {\n        x := 1\n    }\n}\n'
    assert assembly_lines(source) == {3: 1, 4: 1, 5: 1}
    called = File(lines={2: 4, 4: 0}, functions={1: "f"}, called={"f": 4})
    credit_assembly(called, source)
    assert called.missing_lines() == []
    never = File(lines={2: 0, 4: 0}, functions={1: "f"}, called={"f": 0})
    credit_assembly(never, source)
    assert never.missing_lines() == [2, 4]


def test_the_tracefile_is_read() -> None:
    file = read_lcov(LCOV)["contracts/A.sol"]
    assert file.missing_lines() == [3]
    assert file.missing_branches() == [2]


@pytest.fixture
def one_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "A.sol").write_text("one\n  two\nthree\n")
    monkeypatch.setattr(coverage, "ROOT", tmp_path)
    monkeypatch.setattr(coverage, "UNPLACED", tmp_path / "unplaced.toml")


@pytest.mark.usefixtures("one_contract")
def test_too_little_is_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(read_lcov(LCOV), []) == 1
    printed = capsys.readouterr().out
    assert "line 3: three" in printed
    assert "branch 2: two" in printed
    assert report(read_lcov(LCOV.replace("DA:3,0", "DA:3,1").replace(",1,-", ",1,1")), []) == 0


@pytest.mark.usefixtures("one_contract")
def test_a_line_without_a_place_is_argued_once(capsys: pytest.CaptureFixture[str]) -> None:
    argued = [{"file": "contracts/A.sol", "text": "three", "why": "it is run"}]
    branches_taken = LCOV.replace(",1,-", ",1,1")
    assert report(read_lcov(branches_taken), argued) == 0
    assert "argued line 3: three" in capsys.readouterr().out
    assert report(read_lcov(branches_taken.replace("DA:3,0", "DA:3,1")), argued) == 1
    assert "`three` is not missing" in capsys.readouterr().out


def test_what_two_halves_reached_is_reached() -> None:
    other = LCOV.replace("DA:3,0", "DA:3,2").replace("DA:1,3", "DA:1,0").replace("FNDA:3", "FNDA:0")
    file = read_lcov(LCOV + other)["contracts/A.sol"]
    assert file.missing_lines() == []
    assert file.called == {"A.f": 3}
