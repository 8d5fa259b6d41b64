"""What is committed is what the generators write: the vectors, and the constants in the contracts."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("script", ["generate.py", "coefficients.py"])
def test_is_up_to_date(script):
    command = [sys.executable, str(ROOT / "scripts" / "vectors" / script), "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stdout + result.stderr
