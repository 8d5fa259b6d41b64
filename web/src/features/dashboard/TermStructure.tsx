import styled from "styled-components";
import type { ExpirySummary } from "../../api/types";
import { percent } from "../../format/numbers";

const Bars = styled.ol`
  display: flex;
  align-items: flex-end;
  gap: var(--space-2);
  list-style: none;
  margin: 0;
  padding: 0;
  min-height: 92px;
  li {
    flex: 1;
    min-width: 0;
    display: grid;
    justify-items: center;
    gap: 2px;
    font-size: var(--text-xs);
    color: var(--muted);
    overflow: hidden;
  }
  i {
    width: 70%;
    max-width: 26px;
    border-radius: 3px 3px 0 0;
    background: var(--accent);
    opacity: 0.85;
  }
`;

const HEIGHT = 48;

/** At-the-money volatility by expiry. */
export function TermStructure({ expiries }: { expiries: readonly ExpirySummary[] }) {
  const known = expiries.filter((entry) => entry.atm_volatility !== null).slice(0, 9);
  const most = Math.max(...known.map((entry) => entry.atm_volatility ?? 0), 0.01);
  return (
    <Bars aria-label="At-the-money volatility by expiry">
      {known.map((entry) => (
        <li key={entry.expiry}>
          {percent(entry.atm_volatility, 0)}
          <i style={{ height: `${((entry.atm_volatility ?? 0) / most) * HEIGHT}px` }} />
          {entry.name}
        </li>
      ))}
    </Bars>
  );
}
