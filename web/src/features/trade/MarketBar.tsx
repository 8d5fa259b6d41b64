import { Link } from "react-router";
import styled from "styled-components";
import type { MarketSummary } from "../../api/types";
import { Text } from "../../components/primitives";
import { change, compact, fixed, percent } from "../../format/numbers";

const Bar = styled.div`
  display: flex;
  align-items: center;
  gap: var(--space-5);
  flex-wrap: wrap;
  padding: var(--space-2) 0 var(--space-3);
`;

const Tab = styled(Link)`
  font-size: var(--text-xl);
  font-weight: 650;
  color: var(--muted);
  &[aria-current="page"] {
    color: var(--text);
  }
`;

const Figure = styled.div`
  display: grid;
  line-height: 1.25;
  min-width: 84px;
`;

const Tabs = styled.nav`
  display: flex;
  gap: var(--space-4);
`;

/** The markets and the chosen one's figures. */
export function MarketBar({ symbol, markets }: { symbol: string; markets: readonly MarketSummary[] }) {
  const market = markets.find((entry) => entry.symbol === symbol);
  const rise = market?.spot_change_24h ?? null;
  return (
    <Bar>
      <Tabs aria-label="Markets">
        {markets.map((entry) => (
          <Tab key={entry.symbol} to={`/trade/${entry.symbol}`} aria-current={entry.symbol === symbol ? "page" : undefined}>
            {entry.symbol}
          </Tab>
        ))}
      </Tabs>
      <Figure>
        <Text $size="xl" $strong data-testid="spot">
          {fixed(market?.spot, 2)}
        </Text>
      </Figure>
      <Labelled label="24 h">
        <Text $tone={rise === null || rise === 0 ? "muted" : rise > 0 ? "up" : "down"}>{change(rise)}</Text>
      </Labelled>
      <Labelled label="ATM volatility">{percent(market?.atm_volatility)}</Labelled>
      <Labelled label="Open interest">{compact(market?.open_interest, 2)}</Labelled>
      <Labelled label="Volume 24 h">{compact(market?.volume_24h, 2)}</Labelled>
    </Bar>
  );
}

function Labelled({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Figure>
      <Text $size="xs" $tone="muted">
        {label}
      </Text>
      <span>{children}</span>
    </Figure>
  );
}
