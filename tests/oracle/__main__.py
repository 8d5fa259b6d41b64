"""`cd tests && python -m oracle < transcript.json > expected.json`: one transcript in, the expected state out."""

from __future__ import annotations

import json
import sys

from .replay import Replay


def main() -> int:
    """Exit code 1, with the reason on standard error, where the chain did what the protocol does not allow."""
    transcript = json.load(sys.stdin)
    replay = Replay(transcript["setting"])
    for transaction in transcript["transactions"]:
        try:
            replay.apply(transaction)
        except ValueError as error:
            print(f"oracle: {error}", file=sys.stderr)
            return 1
    json.dump(replay.result(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
