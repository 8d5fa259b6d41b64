"""What a job wants done on chain."""

from __future__ import annotations

from dataclasses import dataclass

from optionix.chain.errors import Reverted


@dataclass(frozen=True)
class Action:
    """One call that a job found due.

    Attributes
    ----------
    key : names the action: `settle:1:1678176000`. While it is under way it is not sent again; when it is done and still
        found due, the simulation decides.
    description : for people and logs.
    target : contract to call.
    data : call data, 0x text.
    min_gas : least gas limit, for calls whose estimate may be too tight.
    expected : names of contract errors that mean "not now": they are waited out, not reported.
    """

    key: str
    description: str
    target: str
    data: str
    min_gas: int = 0
    expected: frozenset[str] = frozenset()


class SimulationFailed(Exception):
    """The chain would refuse an action now."""

    def __init__(self, action: Action, reason: Reverted) -> None:
        super().__init__(f"{action.description}: {reason}")
        self.action = action
        self.reason = reason

    @property
    def expected(self) -> bool:
        """Whether the job said that this can happen."""
        return self.reason.name in self.action.expected
