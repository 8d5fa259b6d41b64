import { useEffect, useState } from "react";
import styled from "styled-components";
import { useStatusQuery } from "../api/optionixApi";
import type { Connection } from "@optionix/client";
import { streamSocket } from "../api/socket";
import { blockIndexed } from "../chain/transactionsSlice";
import { Text } from "../components/primitives";
import { momentOf } from "../format/dates";
import { fixed, NOTHING } from "../format/numbers";
import { useAppDispatch } from "./hooks";
import { useNow } from "./useNow";

const Bar = styled.footer`
  position: sticky;
  bottom: 0;
  display: flex;
  gap: var(--space-4);
  flex-wrap: wrap;
  padding: 5px var(--space-4);
  border-top: 1px solid var(--line);
  background: var(--surface);
  font-size: var(--text-xs);
  color: var(--muted);
`;

const Dot = styled.span<{ $ok: boolean }>`
  display: inline-block;
  width: 7px;
  height: 7px;
  border-radius: 50%;
  margin-right: 6px;
  background: ${({ $ok }) => ($ok ? "var(--up)" : "var(--warn)")};
`;

const words: Record<Connection, string> = { open: "Live", connecting: "Connecting…", lost: "Connection lost, trying again" };

/** Where the numbers on the screen come from: the block, market time, and how far the last audit was off. */
export function StatusBar() {
  const dispatch = useAppDispatch();
  const { block, time } = useNow();
  const [connection, setConnection] = useState<Connection>("connecting");
  const { data } = useStatusQuery(undefined, { pollingInterval: 5_000 });
  const network = data?.networks[0];

  useEffect(() => streamSocket.watch(setConnection), []);
  useEffect(() => {
    dispatch(blockIndexed(block));
  }, [block, dispatch]);

  return (
    <Bar role="status" aria-label="Network status">
      <span>
        <Dot $ok={connection === "open"} />
        {words[connection]}
      </span>
      <span>{network?.name ?? NOTHING}</span>
      <span data-testid="block">Block {block > 0 ? fixed(block, 0) : NOTHING}</span>
      <span>Market time {time > 0 ? `${momentOf(time)} UTC` : NOTHING}</span>
      <span>
        Audit{" "}
        {network?.drift === 0 ? (
          <Text $tone="up">matches the contracts</Text>
        ) : network?.drift ? (
          <Text $tone="down">{fixed(network.drift, 0)} rows differ</Text>
        ) : (
          NOTHING
        )}
      </span>
    </Bar>
  );
}
