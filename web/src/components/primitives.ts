import styled, { css } from "styled-components";

/** The few shapes that every screen is built of. */

export const Panel = styled.section`
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  min-width: 0;
`;

export const PanelHead = styled.header`
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: var(--space-3);
  padding: var(--space-3) var(--space-4);
  border-bottom: 1px solid var(--line);
  h2 {
    font-size: var(--text-md);
    font-weight: 600;
  }
`;

export const PanelBody = styled.div`
  padding: var(--space-4);
`;

type Tone = "up" | "down" | "muted" | "warn" | "accent";

const tones: Record<Tone, string> = {
  up: "var(--up)",
  down: "var(--down)",
  muted: "var(--muted)",
  warn: "var(--warn)",
  accent: "var(--accent)",
};

export const Text = styled.span<{ $tone?: Tone; $size?: "xs" | "sm" | "md" | "lg" | "xl" | "2xl"; $strong?: boolean }>`
  ${({ $tone }) => $tone && css`color: ${tones[$tone]};`}
  ${({ $size }) => $size && css`font-size: var(--text-${$size});`}
  ${({ $strong }) => $strong && css`font-weight: 600;`}
`;

export const Button = styled.button<{ $kind?: "primary" | "plain" | "buy" | "sell"; $wide?: boolean }>`
  border: 1px solid var(--line-strong);
  border-radius: var(--radius-sm);
  background: var(--raised);
  color: var(--text);
  min-height: 34px;
  padding: 0 var(--space-4);
  font-weight: 550;
  cursor: pointer;
  white-space: nowrap;
  &:hover:not(:disabled) {
    background: var(--hover);
  }
  &:disabled {
    color: var(--faint);
    cursor: not-allowed;
  }
  ${({ $wide }) => $wide && css`width: 100%;`}
  ${({ $kind }) =>
    $kind === "primary" &&
    css`
      &:not(:disabled),
      &:hover:not(:disabled) {
        background: var(--accent);
        border-color: var(--accent);
        color: var(--accent-text);
      }
    `}
  ${({ $kind }) =>
    $kind === "buy" &&
    css`
      &[aria-pressed="true"],
      &[aria-pressed="true"]:hover {
        background: var(--up-soft);
        border-color: var(--up);
        color: var(--up);
      }
    `}
  ${({ $kind }) =>
    $kind === "sell" &&
    css`
      &[aria-pressed="true"],
      &[aria-pressed="true"]:hover {
        background: var(--down-soft);
        border-color: var(--down);
        color: var(--down);
      }
    `}
`;

export const Table = styled.table`
  font-size: var(--text-sm);
  th {
    color: var(--muted);
    font-weight: 500;
    text-align: right;
    white-space: nowrap;
    padding: var(--space-2) var(--space-3);
    border-bottom: 1px solid var(--line);
  }
  td {
    text-align: right;
    white-space: nowrap;
    padding: 0 var(--space-3);
    height: var(--row);
    border-bottom: 1px solid var(--line);
  }
  th:first-child,
  td:first-child {
    text-align: left;
  }
  tbody tr:last-child td {
    border-bottom: 0;
  }
  tbody tr:hover td {
    background: var(--hover);
  }
`;

export const Scroll = styled.div`
  overflow-x: auto;
`;

export const Stack = styled.div<{ $gap?: 1 | 2 | 3 | 4 | 5 }>`
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--space-${({ $gap = 3 }) => $gap});
  min-width: 0;
`;

export const Row = styled.div<{ $between?: boolean }>`
  display: flex;
  align-items: center;
  gap: var(--space-2);
  flex-wrap: wrap;
  ${({ $between }) => $between && css`justify-content: space-between;`}
`;

export const Badge = styled.span<{ $tone?: Tone }>`
  display: inline-block;
  border-radius: 999px;
  padding: 1px var(--space-2);
  font-size: var(--text-xs);
  font-weight: 550;
  color: ${({ $tone = "muted" }) => tones[$tone]};
  background: ${({ $tone = "muted" }) =>
    $tone === "muted" ? "var(--hover)" : `color-mix(in srgb, ${tones[$tone]} 15%, transparent)`};
`;

export const Input = styled.input`
  width: 100%;
  min-height: 36px;
  padding: 0 var(--space-3);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius-sm);
  background: var(--canvas);
  color: var(--text);
  font-variant-numeric: tabular-nums;
  &[aria-invalid="true"] {
    border-color: var(--down);
  }
`;
