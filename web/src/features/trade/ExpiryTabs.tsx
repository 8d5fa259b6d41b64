import { Link } from "react-router";
import styled from "styled-components";
import type { ExpirySummary } from "../../api/types";
import { Text } from "../../components/primitives";
import { duration } from "../../format/dates";
import { percent } from "../../format/numbers";

const Strip = styled.nav`
  display: flex;
  gap: var(--space-1);
  overflow-x: auto;
  padding: var(--space-2);
  border-bottom: 1px solid var(--line);
`;

const Tab = styled(Link)`
  display: grid;
  justify-items: center;
  padding: var(--space-1) var(--space-3);
  border-radius: var(--radius-sm);
  line-height: 1.3;
  white-space: nowrap;
  &:hover {
    background: var(--hover);
  }
  &[aria-current="page"] {
    background: var(--accent-soft);
    color: var(--accent);
  }
`;

interface Props {
  symbol: string;
  expiries: readonly ExpirySummary[];
  chosen: number;
  now: number;
}

/** The listed expiries, nearest first, with the time left on the market's clock. */
export function ExpiryTabs({ symbol, expiries, chosen, now }: Props) {
  return (
    <Strip aria-label="Expiries">
      {expiries.map(({ expiry, name, atm_volatility }) => (
        <Tab
          key={expiry}
          to={`/trade/${symbol}/${expiry}`}
          aria-current={expiry === chosen ? "page" : undefined}
          title={`At the money ${percent(atm_volatility)}`}
        >
          <Text $strong $size="sm">
            {name}
          </Text>
          <Text $size="xs" $tone="muted">
            {duration(expiry - now)}
          </Text>
        </Tab>
      ))}
    </Strip>
  );
}
