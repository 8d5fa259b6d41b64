import { useEffect } from "react";
import styled from "styled-components";
import { useAppDispatch, useAppSelector } from "../app/hooks";
import { Badge, Row, Text } from "../components/primitives";
import { transactionDismissed, type Stage } from "./transactionsSlice";

const Stackup = styled.ol`
  position: fixed;
  right: var(--space-4);
  bottom: 40px;
  z-index: 30;
  display: grid;
  gap: var(--space-2);
  width: min(340px, calc(100vw - 32px));
  margin: 0;
  padding: 0;
  list-style: none;
`;

const Card = styled.li`
  padding: var(--space-3);
  background: var(--raised);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius);
  box-shadow: var(--shadow);
  display: grid;
  gap: var(--space-1);
`;

const Close = styled.button`
  border: 0;
  background: none;
  color: var(--muted);
  cursor: pointer;
  padding: 2px 6px;
`;

const words: Record<Stage, string> = {
  confirm: "Confirm in your wallet",
  sent: "Sent",
  included: "Included, being indexed",
  indexed: "Done",
  failed: "Failed",
};
const tones = { confirm: "warn", sent: "accent", included: "accent", indexed: "up", failed: "down" } as const;
const SHOWN = 4;
const DONE_FOR_MS = 6_000;

/** The newest transactions, from the wallet's prompt until the tables show them. */
export function TransactionList() {
  const dispatch = useAppDispatch();
  const transactions = useAppSelector((state) => state.transactions);
  const finished = transactions.find(({ stage }) => stage === "indexed")?.id;

  // What is done has said so; it need not lie on the page any longer.
  useEffect(() => {
    if (finished === undefined) return undefined;
    const timer = setTimeout(() => dispatch(transactionDismissed(finished)), DONE_FOR_MS);
    return () => clearTimeout(timer);
  }, [dispatch, finished]);

  return (
    <Stackup aria-live="polite" aria-label="Transactions">
      {transactions.slice(0, SHOWN).map(({ id, title, stage, detail, block }) => (
        <Card key={id} data-stage={stage}>
          <Row $between>
            <Text $strong $size="sm">
              {title}
            </Text>
            <Close aria-label={`Dismiss ${title}`} onClick={() => dispatch(transactionDismissed(id))}>
              ✕
            </Close>
          </Row>
          <Row>
            <Badge $tone={tones[stage]}>{words[stage]}</Badge>
            {block !== null && (
              <Text $size="xs" $tone="muted">
                block {block}
              </Text>
            )}
          </Row>
          {detail && <Text $size="sm">{detail}</Text>}
        </Card>
      ))}
    </Stackup>
  );
}
