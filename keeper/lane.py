"""One nonce lane: the transactions of one key on one chain, from intent to confirmation.

An intent and its signed transaction are written before they are sent. Whatever dies in between, the next start finds
them, sends them again (a signed transaction can only be mined once) and follows them. A transaction that is not mined
in time is replaced under its own nonce with higher fees, or with a payment of nothing to oneself where the chain would
refuse it by now: no nonce is left blocked. Nonces are counted from the chain at each sending, so that blocks which a
reorg took back leave no gap.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import structlog
from eth_utils.address import to_checksum_address

from keeper import metrics
from keeper.actions import Action, SimulationFailed
from keeper.fees import FeeSource, read_receipt
from keeper.intents import Intents, Planned, Signed
from keeper.signers import Signer
from optionix.chain.errors import Reverted, RpcError
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import Fees, raise_revert
from optionix.store.models import KeeperIntent, KeeperTransaction

log = structlog.get_logger("keeper")

BUMP_PERCENT = 13
"""A replacement raises both fees by this; nodes ask for at least 12.5 % in practice."""
DAY_SECONDS = 86_400
_GAS_MARGIN_PERCENT = 25
_MISSES_UNTIL_LOST = 3
_PLAIN_TRANSFER_GAS = 21_000
_KNOWN = ("already known", "already imported", "nonce too low")
"""What nodes say of a transaction that they have or had."""


@dataclass(frozen=True)
class LanePolicy:
    """How a lane behaves.

    Attributes
    ----------
    max_fee : ceiling of the price of gas, wei.
    replace_after : seconds of wall time after which a transaction counts as stuck.
    depth : blocks on top of a transaction's own until it is confirmed.
    daily_spend : wei that may be paid and pledged within a day of wall time; None for no limit.
    """

    max_fee: int
    replace_after: float
    depth: int
    daily_spend: int | None = None


class FeeCeiling(Exception):
    """Gas costs more than the keeper may pay."""


class SpendingLimit(FeeCeiling):
    """The day's spending is used up."""


class Lane:
    """Sends actions of one account. Use it from one event loop, in the process that owns the account's lock.

    Parameters
    ----------
    private : where signed transactions are handed in instead of `rpc`, if anywhere: an endpoint that keeps them from
        others until they are mined.
    """

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        chain_id: int,
        intents: Intents,
        policy: LanePolicy,
        *,
        fees: FeeSource | None = None,
        private: Rpc | None = None,
    ) -> None:
        self.rpc = rpc
        self.signer = signer
        self.chain_id = chain_id
        self.intents = intents
        self.policy = policy
        self.fees = fees or FeeSource(rpc)
        self._entry = private or rpc
        self._lock = asyncio.Lock()
        self._misses: Counter[str] = Counter()
        self._replaced_at: dict[str, float] = {}

    @property
    def address(self) -> str:
        """The sending account."""
        return self.signer.address

    async def resume(self) -> int:
        """Take up what an earlier process left: send every open transaction again. Their number."""
        async with self._lock:
            intents = await self.intents.open()
            sent = await self.intents.transactions([intent.key for intent in intents])
            for intent in intents:
                for row in _of_nonce(intent, sent)[-1:]:
                    await self._broadcast(row.raw)
            return len(intents)

    async def simulate(self, action: Action) -> int:
        """Gas limit of an action, found by running it on the head's state.

        Raises
        ------
        SimulationFailed
            When the chain would refuse it.
        """
        try:
            return max(await self._estimate(action.target, action.data), action.min_gas)
        except Reverted as reason:
            raise SimulationFailed(action, reason) from reason

    async def submit(self, job: str, action: Action) -> str | None:
        """Send an action unless it is under way; the transaction's hash, or None.

        Raises
        ------
        SimulationFailed, FeeCeiling, SpendingLimit
            Before anything is written or sent.
        """
        async with self._lock:
            known = await self.intents.find(action.key)
            if known is not None and known.status in ("sent", "mined"):
                return None
            gas = await self.simulate(action)
            fees = await self._affordable()
            signed = await self._sign(action.target, action.data, gas, await self._nonce(), fees)
            await self._require_allowance(signed, gas)
            await self.intents.write(
                Planned(action.key, job, action.description, self.address, action.target, action.data, gas), signed
            )
            await self._broadcast(signed.raw)
            log.info("sent", job=job, action=action.description, tx=signed.tx_hash, nonce=signed.nonce)
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
            every = [row for intent in intents for row in rows[intent.key]]
            answers = await self.rpc.batch([("eth_getTransactionReceipt", [row.tx_hash]) for row in every])
            receipts = {row.tx_hash: found for row, found in zip(every, answers, strict=True) if found is not None}
            left = 0
            for intent in intents:
                mined = next((row for row in rows[intent.key] if row.tx_hash in receipts), None)
                if mined is not None:
                    left += await self._mined(intent, mined, receipts[mined.tx_hash], int(head, 16))
                else:
                    left += await self._not_mined(intent, rows[intent.key], int(used, 16))
            if await self._close_gaps(int(used, 16), {intent.nonce for intent in intents}):
                # Nodes may have forgotten what could not be mined.
                for kept in rows.values():
                    for row in kept[-1:]:
                        await self._broadcast(row.raw)
            return left

    async def spent(self) -> int:
        """What was paid within the last day and what open transactions may still cost, wei."""
        return await self.intents.spent(DAY_SECONDS)

    async def _mined(self, intent: KeeperIntent, row: KeeperTransaction, found: dict[str, Any], head: int) -> int:
        receipt = read_receipt(found)
        deep = head - receipt.block >= self.policy.depth
        ended = "cancelled" if row.cancels else "confirmed" if receipt.succeeded else "reverted"
        status = ended if deep else "mined"
        if status != intent.status or intent.mined_block != receipt.block:
            await self.intents.set_mined(intent.key, status, row.tx_hash, receipt)
        if not deep:
            return 1
        self._forget(intent.key)
        metrics.FINISHED.labels(intent.job, status).inc()
        metrics.GAS_SPENT.labels(intent.job).inc(receipt.fee)
        if status == "reverted":
            log.warning("reverted", job=intent.job, action=intent.description, tx=row.tx_hash)
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
                return 0
            return 1
        now = time.monotonic()
        since = self._replaced_at.setdefault(intent.key, now)
        if now - since >= self.policy.replace_after and rows:
            self._replaced_at[intent.key] = now
            await self._replace(intent, rows[-1], is_next=intent.nonce == used)
        return 1

    async def _replace(self, intent: KeeperIntent, newest: KeeperTransaction, *, is_next: bool) -> None:
        """Offer more for a nonce: for its action, or for nothing where the chain would refuse that by now.

        Only of the next nonce is that known: others may be refused for want of what comes before them.
        """
        market = await self.fees.now()
        priority = max(market.priority, newest.priority_fee * (100 + BUMP_PERCENT) // 100 + 1)
        max_fee = max(market.max_fee, newest.max_fee * (100 + BUMP_PERCENT) // 100 + 1, priority)
        if max_fee > self.policy.max_fee:
            # At the ceiling only patience is left; the node may have forgotten the transaction.
            await self._broadcast(newest.raw)
            log.warning("stuck at the fee ceiling", job=intent.job, action=intent.description, tx=newest.tx_hash)
            return
        fees = Fees(max_fee, priority)
        cancels = newest.cancels or (is_next and not await self._still_wanted(intent))
        if cancels:
            signed = await self._nothing(intent.nonce, fees)
        else:
            signed = await self._sign(intent.target, intent.data, intent.gas, intent.nonce, fees)
        await self.intents.replace(intent.key, intent.job, signed, cancels=cancels)
        await self._broadcast(signed.raw)
        metrics.REPLACED.labels(intent.job).inc()
        said = "cancelled: the chain would refuse it by now" if cancels else "replaced"
        log.info(said, job=intent.job, action=intent.description, tx=signed.tx_hash, max_fee=max_fee)

    async def _still_wanted(self, intent: KeeperIntent) -> bool:
        try:
            # At the head, not in the pool, where this very transaction may have been run already.
            await self._estimate(intent.target, intent.data, "latest")
        except Reverted:
            return False
        return True

    async def _close_gaps(self, used: int, open_nonces: set[int]) -> int:
        """Fill nonces below open ones that nothing holds, or the open ones would wait for ever; how many there were."""
        missing = [nonce for nonce in range(used, max(open_nonces)) if nonce not in open_nonces]
        for nonce in missing:
            if await self.intents.reopen(nonce):
                log.warning("a reorg took back what was confirmed", nonce=nonce)
                continue
            signed = await self._nothing(nonce, await self._affordable())
            planned = Planned(f"gap:{nonce}", "transactions", f"fill nonce {nonce}", self.address, self.address, "0x",
                              _PLAIN_TRANSFER_GAS)  # fmt: skip
            await self.intents.write(planned, signed, cancels=True)
            await self._broadcast(signed.raw)
            log.warning("a nonce was empty", nonce=nonce, tx=signed.tx_hash)
        return len(missing)

    def _forget(self, key: str) -> None:
        self._misses.pop(key, None)
        self._replaced_at.pop(key, None)

    async def _nonce(self) -> int:
        """The next nonce: after those of the chain and of what is open; what a reorg took back is open again."""
        used = int(await self.rpc.call("eth_getTransactionCount", self.address, "latest"), 16)
        taken_back = await self.intents.finished_from(used)
        for nonce in taken_back:
            await self.intents.reopen(nonce)
            log.warning("a reorg took back what was confirmed", nonce=nonce)
        waiting = [intent.nonce for intent in await self.intents.open()]
        return max([used, *(nonce + 1 for nonce in waiting)])

    async def _affordable(self) -> Fees:
        """Fees of now, with less room for the base fee to rise where the ceiling asks for it."""
        fees = await self.fees.now()
        base = (fees.max_fee - fees.priority) // 2
        if base + fees.priority > self.policy.max_fee:
            dear, most = (base + fees.priority) / 1e9, self.policy.max_fee / 1e9
            raise FeeCeiling(f"gas costs {dear:.2f} gwei, the ceiling is {most:g}")
        return Fees(min(fees.max_fee, self.policy.max_fee), fees.priority)

    async def _require_allowance(self, signed: Signed, gas: int) -> None:
        if self.policy.daily_spend is None:
            return
        cost = gas * signed.max_fee + await self.fees.data_fee(signed.raw)
        spent = await self.spent()
        metrics.SPENT_TODAY.set(spent)
        if spent + cost > self.policy.daily_spend:
            raise SpendingLimit(
                f"the day's limit of {self.policy.daily_spend / 1e18:g} is reached: {spent / 1e18:.6f} are spent or "
                f"pledged and this may cost {cost / 1e18:.6f}"
            )

    async def _estimate(self, target: str, data: str, *block: str) -> int:
        """Gas limit of a call, where the node likes to run it or on a block; Reverted where the chain refuses it."""
        try:
            answer = await self.rpc.call("eth_estimateGas", {"from": self.address, "to": target, "data": data}, *block)
        except RpcError as error:
            raise_revert(error)
        return int(answer, 16) * (100 + _GAS_MARGIN_PERCENT) // 100

    async def _nothing(self, nonce: int, fees: Fees) -> Signed:
        """A payment of nothing to oneself: what frees a nonce."""
        gas = await self._estimate(self.address, "0x")
        return await self._sign(self.address, "0x", max(gas, _PLAIN_TRANSFER_GAS), nonce, fees)

    async def _sign(self, target: str, data: str, gas: int, nonce: int, fees: Fees) -> Signed:
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
        signed = await self.signer.transaction(body)
        return Signed(signed.tx_hash, nonce, fees.max_fee, fees.priority, signed.raw)

    async def _broadcast(self, raw: str) -> bool:
        """Hand a transaction in; what a node says of one that it has or had is not a failure."""
        try:
            await self._entry.call("eth_sendRawTransaction", raw)
        except RpcError as error:
            if any(words in error.node_message.lower() for words in _KNOWN):
                return True
            log.warning("the node refused a transaction", reason=error.node_message)
            return False
        return True


def _of_nonce(intent: KeeperIntent, sent: dict[str, list[KeeperTransaction]]) -> list[KeeperTransaction]:
    """The transactions of an intent's present attempt, the newest last."""
    return [row for row in sent[intent.key] if row.nonce == intent.nonce]
