import type { ReactNode } from "react";
import styled from "styled-components";
import { Button } from "./primitives";

const Centre = styled.div`
  display: grid;
  justify-items: center;
  gap: var(--space-3);
  padding: var(--space-6) var(--space-4);
  text-align: center;
  color: var(--muted);
`;

/** Nothing to show, and what would change that. */
export function Empty({ children }: { children: ReactNode }) {
  return <Centre>{children}</Centre>;
}

/** Something failed; old data, if any, stays on screen beside it. */
export function Failed({ what, retry }: { what: string; retry: () => void }) {
  return (
    <Centre role="alert">
      {what} could not be loaded. The service may be restarting.
      <Button onClick={retry}>Try again</Button>
    </Centre>
  );
}

const Bar = styled.div`
  height: 12px;
  border-radius: 4px;
  margin: 9px var(--space-4);
  background: var(--hover);
  animation: breathe 1.4s ease-in-out infinite;
  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }
`;

/** Holds the place of rows that are on their way, so that nothing jumps when they come. */
export function Loading({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={`Loading ${label}`}>
      {Array.from({ length: rows }, (_, row) => (
        <Bar key={row} style={{ width: `${88 - ((row * 17) % 34)}%` }} />
      ))}
    </div>
  );
}
