import { useState } from "react";
import { parseUnits, type Address } from "viem";
import { useAccountQuery } from "../../api/optionixApi";
import type { VaultSummary } from "../../api/types";
import { useAppSelector } from "../../app/hooks";
import { vaultAbi } from "../../chain/abi";
import { explain } from "../../chain/refusals";
import { useTransactor, type Transactor } from "../../chain/useTransactor";
import { Button, Input, Row, Stack, Text } from "../../components/primitives";
import { duration } from "../../format/dates";
import { compact } from "../../format/numbers";

type Kind = "deposit" | "redeem";

/** Asks to join with assets or to leave with shares. */
export function RequestForm({ vault }: { vault: VaultSummary }) {
  const transactor = useTransactor();
  const address = useAppSelector((state) => state.wallet.address);
  const { data: account } = useAccountQuery(address ?? "", { skip: !address });
  const [kind, setKind] = useState<Kind>("deposit");
  const [amount, setAmount] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const shares = account?.vaults.find((holding) => holding.vault === vault.address)?.shares ?? "0";
  const valid = /^\d+(\.\d+)?$/.test(amount) && Number(amount) > 0;

  const submit = async () => {
    if (!transactor) return;
    setBusy(true);
    setError(null);
    try {
      await (kind === "deposit" ? requestDeposit(transactor, vault, amount) : requestRedeem(transactor, vault, amount));
      setAmount("");
    } catch (failure) {
      setError(explain(failure));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Stack $gap={2}>
      <Row role="group" aria-label="Request">
        <Button $kind="buy" aria-pressed={kind === "deposit"} onClick={() => setKind("deposit")}>
          Deposit
        </Button>
        <Button $kind="sell" aria-pressed={kind === "redeem"} onClick={() => setKind("redeem")}>
          Redeem
        </Button>
        <Text $size="sm" $tone="muted">
          You hold {compact(shares, 4)} shares
        </Text>
      </Row>
      <Row style={{ flexWrap: "nowrap" }}>
        <Input
          inputMode="decimal"
          placeholder={kind === "deposit" ? `Amount in ${vault.asset}` : "Shares"}
          aria-label={kind === "deposit" ? `Amount in ${vault.asset}` : "Shares"}
          aria-invalid={amount !== "" && !valid}
          value={amount}
          onChange={(event) => setAmount(event.target.value.trim())}
        />
        <Button $kind="primary" disabled={!transactor || !valid || busy} onClick={() => void submit()}>
          {busy ? "Waiting…" : kind === "deposit" ? "Request deposit" : "Request redemption"}
        </Button>
      </Row>
      <Text $size="xs" $tone={error ? "down" : "muted"} role={error ? "alert" : undefined}>
        {error ?? (transactor ? notice(vault) : "Connect a wallet to deposit or redeem.")}
      </Text>
    </Stack>
  );
}

const notice = (vault: VaultSummary) =>
  vault.notice_seconds ? `Processed after ${duration(vault.notice_seconds)} of notice.` : "Processed after the notice period.";

async function requestDeposit({ allow, send, account }: Transactor, vault: VaultSummary, amount: string) {
  const decimals = vault.asset_decimals;
  const assets = parseUnits(amount, decimals);
  await allow(vault.asset_token as Address, vault.asset, vault.address as Address, assets);
  await send({
    title: `Request to deposit ${amount} ${vault.asset}`,
    address: vault.address as Address,
    abi: vaultAbi,
    functionName: "requestDeposit",
    args: [assets, account, account],
  });
}

async function requestRedeem({ send, account }: Transactor, vault: VaultSummary, amount: string) {
  await send({
    title: `Request to redeem ${amount} ${vault.symbol}`,
    address: vault.address as Address,
    abi: vaultAbi,
    functionName: "requestRedeem",
    args: [parseUnits(amount, vault.share_decimals), account, account],
  });
}
