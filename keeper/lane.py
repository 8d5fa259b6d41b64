"""One nonce lane: the transactions of one key on one chain, from intent to confirmation.

An intent and its signed transaction are written before they are sent. Whatever dies in between, the next start finds
them, sends them again (a signed transaction can only be mined once) and follows them. A transaction that is not mined
in time is replaced under its own nonce with higher fees, so no nonce is left blocked.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import structlog
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from keeper import metrics
from keeper.actions import Action, SimulationFailed
from keeper.intents import Intents, Planned, Signed
from optionix.chain.errors import Reverted, RpcError
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import Fees, current_fees, raise_revert
from optionix.store.models import KeeperIntent, KeeperTransaction

log = structlog.get_logger("keeper")

BUMP_PERCENT = 13
"""A replacement raises both fees by this; nodes ask for at least 12.5 % in practice."""
_GAS_MARGIN_PERCENT = 25
_MISSES_UNTIL_LOST = 3
_FEES_SECONDS = 1.0


@dataclass(frozen=True)
class LanePolicy:
    """How a lane behaves.

    Attributes
    ----------
    max_fee : ceiling of the price of gas, wei.
    replace_after : seconds of wall time after which a transaction counts as stuck.
    depth : blocks on top of a transaction's own until it is confirmed.
    """

    max_fee: int
    replace_after: float
    depth: int


class FeeCeiling(Exception):
    """Gas costs more than the keeper may pay."""


class Lane:
    """Sends actions of one account. Use it from one event loop, in the process that owns the account's lock."""

    def __init__(self, rpc: Rpc, account: LocalAccount, chain_id: int, intents: Intents, policy: LanePolicy) -> None:
        self.rpc = rpc
        self.account = account
        self.chain_id = chain_id
        self.intents = intents
        self.policy = policy
        self._lock = asyncio.Lock()
        self._next_nonce: int | None = None
        self._misses: Counter[str] = Counter()
        self._replaced_at: dict[str, float] = {}
        self._fees: tuple[float, Fees] | None = None

    @property
    def address(self) -> str:
        """The sending account."""
        return str(self.account.address)

    async def resume(self) -> int:
        """Take up what an earlier process left: send every open transaction again. Their number."""
        async with self._lock:
            intents = await self.intents.open()
            sent = await self.intents.transactions([intent.key for intent in intents])
            for intent in intents:
                for row in _of_nonce(intent, sent)[-1:]:
                    await self._broadcast(row.raw)
            self._next_nonce = None
            return len(intents)

    async def simulate(self, action: Action) -> int:
        """Gas limit of an action, found by running it on the head's state.

        Raises
        ------
        SimulationFailed
            When the chain would refuse it.
        """
        request = {"from": self.address, "to": action.target, "data": action.data}
        try:
            estimate = int(await self.rpc.call("eth_estimateGas", request), 16)
        except RpcError as error:
            try:
                raise_revert(error)
            except Reverted as reason:
                raise SimulationFailed(action, reason) from error
        return max(estimate * (100 + _GAS_MARGIN_PERCENT) // 100, action.min_gas)

    async def submit(self, job: str, action: Action) -> str | None:
        """Send an action unless it is under way; the transaction's hash, or None.

        Raises
        ------
        SimulationFailed, FeeCeiling
            Before anything is signed.
        """
        async with self._lock:
            known = await self.intents.find(action.key)
            if known is not None and known.status in ("sent", "mined"):
                return None
            gas = await self.simulate(action)
            fees = await self._current_fees()
            if fees.max_fee > self.policy.max_fee:
                raise FeeCeiling(f"gas costs {fees.max_fee / 1e9:.2f} gwei, the ceiling is {self.policy.max_fee / 1e9}")
            nonce = await self._nonce()
            signed = self._sign(action.target, action.data, gas, nonce, fees)
            await self.intents.write(
                Planned(action.key, job, action.description, self.address, action.target, action.data, gas), signed
            )
            self._next_nonce = nonce + 1
            if not await self._broadcast(signed.raw):
                self._next_nonce = None
            log.info("sent", job=job, action=action.description, tx=signed.tx_hash, nonce=nonce)
            return signed.tx_hash

    async def watch(self) -> int:
        """Follow all open transactions a step; how many are still open."""
        async with self._lock:
            intents = await self.intents.open()
            if not intents:
                return 0
            sent = await self.intents.transactions([intent.key for intent in intents])
            rows = {intent.key: _of_nonce(intent, sent) for intent in intents}
            used, head = await self.rpc.batch(
                [("eth_getTransactionCount", [self.address, "latest"]), ("eth_blockNumber", [])]
            )
            hashes = [row.tx_hash for intent in intents for row in rows[intent.key]]
            answers = await self.rpc.batch([("eth_getTransactionReceipt", [value]) for value in hashes])
            receipts = {value: receipt for value, receipt in zip(hashes, answers, strict=True) if receipt is not None}
            left = 0
            for intent in intents:
                found = next((receipts[row.tx_hash] for row in rows[intent.key] if row.tx_hash in receipts), None)
                if found is not None:
                    left += await self._mined(intent, found, int(head, 16))
                else:
                    left += await self._not_mined(intent, rows[intent.key], int(used, 16))
            return left

    async def _mined(self, intent: KeeperIntent, receipt: dict[str, Any], head: int) -> int:
        block = int(receipt["blockNumber"], 16)
        deep = head - block >= self.policy.depth
        succeeded = int(receipt["status"], 16) == 1
        status = ("confirmed" if succeeded else "reverted") if deep else "mined"
        gas_used = int(receipt["gasUsed"], 16)
        fee = gas_used * int(receipt.get("effectiveGasPrice") or "0x0", 16)
        if status != intent.status or intent.mined_block != block:
            await self.intents.set_status(
                intent.key,
                status,
                tx_hash=receipt["transactionHash"],
                mined_block=block,
                gas_used=gas_used,
                fee=fee,
            )
        if not deep:
            return 1
        self._forget(intent.key)
        metrics.FINISHED.labels(intent.job, status).inc()
        metrics.GAS_SPENT.labels(intent.job).inc(fee)
        if not succeeded:
            log.warning("reverted", job=intent.job, action=intent.description, tx=receipt["transactionHash"])
        return 0

    async def _not_mined(self, intent: KeeperIntent, rows: list[KeeperTransaction], used: int) -> int:
        if intent.status == "mined":
            log.warning("a reorg took a transaction back", job=intent.job, action=intent.description)
            await self.intents.set_status(intent.key, "sent")
        if intent.nonce < used:
            # Several looks, as a receipt can come a moment after the count.
            self._misses[intent.key] += 1
            if self._misses[intent.key] >= _MISSES_UNTIL_LOST:
                log.warning("another transaction took the nonce", job=intent.job, action=intent.description)
                await self.intents.set_status(intent.key, "lost")
                metrics.FINISHED.labels(intent.job, "lost").inc()
                self._forget(intent.key)
                self._next_nonce = None
                return 0
            return 1
        now = time.monotonic()
        since = self._replaced_at.setdefault(intent.key, now)
        if now - since >= self.policy.replace_after and rows:
            self._replaced_at[intent.key] = now
            await self._replace(intent, rows[-1])
        return 1

    async def _replace(self, intent: KeeperIntent, newest: KeeperTransaction) -> None:
        market = await self._current_fees()
        priority = max(market.priority, newest.priority_fee * (100 + BUMP_PERCENT) // 100 + 1)
        max_fee = max(market.max_fee, newest.max_fee * (100 + BUMP_PERCENT) // 100 + 1, priority)
        if max_fee > self.policy.max_fee:
            # At the ceiling only patience is left; the node may have forgotten the transaction.
            await self._broadcast(newest.raw)
            log.warning("stuck at the fee ceiling", job=intent.job, action=intent.description, tx=newest.tx_hash)
            return
        signed = self._sign(intent.target, intent.data, intent.gas, intent.nonce, Fees(max_fee, priority))
        await self.intents.replace(intent.key, signed)
        await self._broadcast(signed.raw)
        metrics.REPLACED.labels(intent.job).inc()
        log.info("replaced", job=intent.job, action=intent.description, tx=signed.tx_hash, max_fee=max_fee)

    def _forget(self, key: str) -> None:
        self._misses.pop(key, None)
        self._replaced_at.pop(key, None)

    async def _nonce(self) -> int:
        if self._next_nonce is None:
            used = int(await self.rpc.call("eth_getTransactionCount", self.address, "latest"), 16)
            waiting = [intent.nonce for intent in await self.intents.open()]
            self._next_nonce = max([used, *(nonce + 1 for nonce in waiting)])
        return self._next_nonce

    async def _current_fees(self) -> Fees:
        now = time.monotonic()
        if self._fees is None or now - self._fees[0] > _FEES_SECONDS:
            self._fees = now, await current_fees(self.rpc)
        return self._fees[1]

    def _sign(self, target: str, data: str, gas: int, nonce: int, fees: Fees) -> Signed:
        body: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "to": to_checksum_address(target),
            "data": data,
            "value": 0,
            "gas": gas,
            "nonce": nonce,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.priority,
        }
        signed = self.account.sign_transaction(body)
        raw = "0x" + signed.raw_transaction.hex().removeprefix("0x")
        tx_hash = "0x" + signed.hash.hex().removeprefix("0x")
        return Signed(tx_hash, nonce, fees.max_fee, fees.priority, raw)

    async def _broadcast(self, raw: str) -> bool:
        """Hand a transaction to the node; what the node says of one that it has or had is not a failure."""
        try:
            await self.rpc.call("eth_sendRawTransaction", raw)
        except RpcError as error:
            words = error.node_message.lower()
            if "already known" in words or "already imported" in words:
                return True
            log.warning("the node refused a transaction", reason=error.node_message)
            return False
        return True


def _of_nonce(intent: KeeperIntent, sent: dict[str, list[KeeperTransaction]]) -> list[KeeperTransaction]:
    """The transactions of an intent's present attempt, the newest last."""
    return [row for row in sent[intent.key] if row.nonce == intent.nonce]
