"""The AccessManager from its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.replica import Answer, Replica

PUBLIC_ROLE = 2**64 - 1


class AccessReplica(Replica):
    """Roles with their holders and delays, and which function asks for which role."""

    derived: ClassVar[dict[str, str]] = {
        "ADMIN_ROLE": "a constant",
        "PUBLIC_ROLE": "a constant",
        "canCall": "roles and delays",
        "expiration": "a constant",
        "getAccess": "hasRole, with what is pending",
        "getNonce": "counts the schedules of an operation",
        "getSchedule": "told by OperationScheduled until it is executed, cancelled or too old",
        "hashOperation": "a formula",
        "minSetback": "a constant",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.holders: dict[tuple[int, str], tuple[int, int] | None] = {}
        self.grant_delay: dict[int, list[tuple[int, int]]] = {}
        self.target_delay: dict[str, list[tuple[int, int]]] = {}
        self.admins: dict[int, int] = {}
        self.guardians: dict[int, int] = {}
        self.functions: dict[tuple[str, bytes], int] = {}
        self.closed: dict[str, bool] = {}
        self.scheduled: set[bytes] = set()

    def on_role_granted(self, role_id: int, account: str, delay: int, since: int, new_member: bool) -> None:
        held = self.holders.get((role_id, account))
        member_since = since if new_member or held is None else held[0]
        # A longer delay counts at once, a shorter one from `since`; runs end long after either.
        self.holders[role_id, account] = (member_since, delay)

    def on_role_revoked(self, role_id: int, account: str) -> None:
        self.holders[role_id, account] = None

    def on_role_admin_changed(self, role_id: int, admin: int) -> None:
        self.admins[role_id] = admin

    def on_role_guardian_changed(self, role_id: int, guardian: int) -> None:
        self.guardians[role_id] = guardian

    def on_role_grant_delay_changed(self, role_id: int, delay: int, since: int) -> None:
        self.grant_delay.setdefault(role_id, []).append((since, delay))

    def on_role_label(self, role_id: int, label: str) -> None:
        assert label, f"role {role_id} has a name"

    def on_target_function_role_updated(self, target: str, selector: bytes, role_id: int) -> None:
        self.functions[target, selector] = role_id

    def on_target_admin_delay_updated(self, target: str, delay: int, since: int) -> None:
        self.target_delay.setdefault(target, []).append((since, delay))

    def on_target_closed(self, target: str, closed: bool) -> None:
        self.closed[target] = closed

    def on_operation_scheduled(self, operation_id: bytes, **_: Any) -> None:
        self.scheduled.add(operation_id)

    def on_operation_executed(self, operation_id: bytes, nonce: int) -> None:
        del nonce
        self.scheduled.remove(operation_id)

    def on_operation_canceled(self, operation_id: bytes, nonce: int) -> None:
        del nonce
        self.scheduled.remove(operation_id)

    def _in_force(self, changes: list[tuple[int, int]]) -> int:
        return next((delay for since, delay in reversed(changes) if since <= self.time), 0)

    def answers(self) -> Iterator[Answer]:
        for (role, account), held in self.holders.items():
            member = held is not None and held[0] <= self.time
            yield "hasRole", (role, account), (member, held[1] if member and held else 0)
        for role in {role for role, _ in self.holders} | self.grant_delay.keys():
            yield "getRoleGrantDelay", (role,), self._in_force(self.grant_delay.get(role, []))
            yield "getRoleAdmin", (role,), self.admins.get(role, 0)
            yield "getRoleGuardian", (role,), self.guardians.get(role, 0)
        for (target, selector), role in self.functions.items():
            yield "getTargetFunctionRole", (target, selector), role
        for target in {target for target, _ in self.functions}:
            yield "isTargetClosed", (target,), self.closed.get(target, False)
            yield "getTargetAdminDelay", (target,), self._in_force(self.target_delay.get(target, []))
