import { useState } from "react";
import { parseUnits, type Address } from "viem";
import { useAccountQuery } from "../../api/optionixApi";
import type { LpRequest, VaultSummary } from "../../api/types";
import { useAppSelector } from "../../app/hooks";
import { useNow } from "../../app/useNow";
import { vaultAbi } from "../../chain/abi";
import { explain } from "../../chain/refusals";
import { useTransactor } from "../../chain/useTransactor";
import { Badge, Button, Row, Stack, Text } from "../../components/primitives";
import { duration } from "../../format/dates";
import { compact } from "../../format/numbers";

/** One's own requests at a vault: waiting, ready to claim, done. */
export function RequestList({ vault }: { vault: VaultSummary }) {
  const address = useAppSelector((state) => state.wallet.address);
  const { data } = useAccountQuery(address ?? "", { skip: !address });
  const requests = (data?.requests ?? []).filter(
    (request) => request.vault === vault.address && request.status !== "claimed" && request.status !== "cancelled",
  );
  if (requests.length === 0) return null;
  return (
    <Stack $gap={2} aria-label="Your requests">
      {requests.map((request) => (
        <Request key={`${request.kind}${request.request_id}`} request={request} vault={vault} />
      ))}
    </Stack>
  );
}

function Request({ request, vault }: { request: LpRequest; vault: VaultSummary }) {
  const { time } = useNow();
  const transactor = useTransactor();
  const [error, setError] = useState<string | null>(null);
  const deposit = request.kind === "deposit";
  const text = deposit
    ? `Deposit of ${compact(request.assets, 4)} ${vault.asset}`
    : `Redemption of ${compact(request.shares, 4)} shares`;

  const claim = async () => {
    if (!transactor) return;
    setError(null);
    const claimed = deposit
      ? { functionName: "deposit" as const, title: `Claim shares of ${vault.symbol}` }
      : { functionName: "withdraw" as const, title: `Claim ${vault.asset}` };
    try {
      await transactor.send({
        title: claimed.title,
        address: vault.address as Address,
        abi: vaultAbi,
        functionName: claimed.functionName,
        args: [parseUnits(request.claimable, vault.asset_decimals), transactor.account, transactor.account],
      });
    } catch (failure) {
      setError(explain(failure));
    }
  };

  return (
    <Row $between>
      <Text $size="sm">{text}</Text>
      {request.status === "processed" ? (
        <Button disabled={!transactor} onClick={() => void claim()}>
          {deposit ? "Claim shares" : `Claim ${vault.asset}`}
        </Button>
      ) : (
        <Badge $tone="warn">
          {request.ready_at !== null && request.ready_at > time ? `Ready in ${duration(request.ready_at - time)}` : "Ready to be processed"}
        </Badge>
      )}
      {error && (
        <Text $tone="down" $size="xs" role="alert">
          {error}
        </Text>
      )}
    </Row>
  );
}
