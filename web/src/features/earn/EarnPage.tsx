import styled from "styled-components";
import { useVaultsQuery } from "../../api/optionixApi";
import type { VaultSummary } from "../../api/types";
import { Badge, Panel, PanelBody, PanelHead, Stack, Text } from "../../components/primitives";
import { Failed, Loading } from "../../components/states";
import { compact, fixed, money, percent } from "../../format/numbers";
import { RequestForm } from "./RequestForm";
import { RequestList } from "./RequestList";

const Grid = styled.div`
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr));
  gap: var(--space-3);
`;

const Figures = styled.dl`
  display: grid;
  grid-template-columns: repeat(3, minmax(0, 1fr));
  gap: var(--space-3);
  margin: 0;
  dt {
    color: var(--muted);
    font-size: var(--text-xs);
  }
  dd {
    margin: 0;
    font-weight: 600;
  }
`;

const Meter = styled.div<{ $share: number }>`
  height: 6px;
  border-radius: 3px;
  background: var(--hover);
  overflow: hidden;
  &::after {
    content: "";
    display: block;
    height: 100%;
    width: ${({ $share }) => Math.min(Math.max($share, 0), 1) * 100}%;
    background: var(--accent);
  }
`;

/** The vaults: what they hold, what they are short, and how to join or leave. */
export function EarnPage() {
  const { data, isError, refetch } = useVaultsQuery();
  if (!data) {
    return <Panel>{isError ? <Failed what="The vaults" retry={() => void refetch()} /> : <Loading rows={8} label="the vaults" />}</Panel>;
  }
  return (
    <Stack $gap={4}>
      <Text $tone="muted">
        A vault sells options on one market and side, always fully collateralised, and its depositors earn the premiums and
        bear the payoffs. Deposits and redemptions are requests: after the notice period anybody can process them, at marks
        that neither dilute those who stay nor those who come.
      </Text>
      <Grid>
        {data.vaults.map((vault) => (
          <VaultCard key={vault.address} vault={vault} />
        ))}
      </Grid>
    </Stack>
  );
}

function VaultCard({ vault }: { vault: VaultSummary }) {
  return (
    <Panel aria-label={vault.name}>
      <PanelHead>
        <h2>{vault.name}</h2>
        <Badge $tone="accent">{`${vault.market} ${vault.side === "CALL" ? "calls" : "puts"}`}</Badge>
      </PanelHead>
      <PanelBody>
        <Stack $gap={4}>
          <Figures>
            <Figure label="Net assets" value={money(vault.net_assets, vault.asset)} />
            <Figure label="Value per share" value={fixed(vault.value_per_share, 6)} />
            <Figure label="Premium earned" value={money(vault.premium_collected, vault.asset)} />
            <Figure label="Idle" value={money(vault.idle, vault.asset)} />
            <Figure label="Short vega" value={compact(vault.short_vega, 4)} />
            <Figure label="Waiting" value={`${compact(vault.pending_assets, 3)} in, ${compact(vault.pending_shares, 3)} sh. out`} />
          </Figures>
          <div>
            <Text $size="xs" $tone="muted">
              Collateral in use {percent(vault.utilisation)}
            </Text>
            <Meter $share={vault.utilisation ?? 0} />
          </div>
          <RequestForm vault={vault} />
          <RequestList vault={vault} />
        </Stack>
      </PanelBody>
    </Panel>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
