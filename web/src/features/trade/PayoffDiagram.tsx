import styled from "styled-components";
import { compact, fixed } from "../../format/numbers";
import { payoff, type Option } from "./payoff";

const WIDTH = 300;
const HEIGHT = 96;
const POINTS = 60;

const Drawing = styled.svg`
  width: 100%;
  height: auto;
  display: block;
  .axis {
    stroke: var(--line-strong);
    stroke-width: 1;
  }
  .gain {
    fill: var(--up-soft);
  }
  .loss {
    fill: var(--down-soft);
  }
  .line {
    fill: none;
    stroke: var(--text);
    stroke-width: 1.5;
  }
  text {
    fill: var(--muted);
    font-size: 10px;
  }
`;

/** Profit and loss at expiry of one bought contract over spots within 40 % of the strike. */
export function PayoffDiagram({ option, premium, asset }: { option: Option; premium: number; asset: string }) {
  const from = option.strike * 0.6;
  const to = option.strike * 1.4;
  const spots = Array.from({ length: POINTS + 1 }, (_, i) => from + ((to - from) * i) / POINTS);
  const profits = spots.map((spot) => payoff(option, spot) - premium);
  const top = Math.max(...profits, 0);
  const bottom = Math.min(...profits, 0);
  if (!Number.isFinite(top) || top === bottom) return null;
  const x = (spot: number) => ((spot - from) / (to - from)) * WIDTH;
  const y = (profit: number) => 4 + ((top - profit) / (top - bottom)) * (HEIGHT - 20);
  const area = (keep: (profit: number) => number) =>
    `M${x(from)},${y(0)} ${spots.map((spot, i) => `L${x(spot)},${y(keep(profits[i] ?? 0))}`).join(" ")} L${x(to)},${y(0)} Z`;
  return (
    <Drawing viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Profit at expiry, from ${fixed(bottom, 4)} ${asset}`}>
      <path className="gain" d={area((profit) => Math.max(profit, 0))} />
      <path className="loss" d={area((profit) => Math.min(profit, 0))} />
      <line className="axis" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
      <path className="line" d={`M${spots.map((spot, i) => `${x(spot)},${y(profits[i] ?? 0)}`).join(" L")}`} />
      <text x={2} y={HEIGHT - 2}>
        {compact(from)}
      </text>
      <text x={WIDTH / 2} y={HEIGHT - 2} textAnchor="middle">
        {compact(option.strike)}
      </text>
      <text x={WIDTH - 2} y={HEIGHT - 2} textAnchor="end">
        {compact(to)}
      </text>
    </Drawing>
  );
}
