"""The committed vectors are what their generator writes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_vectors_are_up_to_date():
    command = [sys.executable, str(ROOT / "scripts" / "vectors" / "generate.py"), "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert result.returncode == 0, result.stderr
