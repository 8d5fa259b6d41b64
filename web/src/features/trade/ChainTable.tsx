import { memo, useCallback } from "react";
import styled from "styled-components";
import { useAccountQuery, useChainQuery } from "../../api/optionixApi";
import type { ChainOption, ChainRow } from "../../api/types";
import { useAppDispatch, useAppSelector } from "../../app/hooks";
import { Badge, Row, Scroll, Text } from "../../components/primitives";
import { Empty, Failed, Loading } from "../../components/states";
import { compact, fixed, NOTHING, percent, toNumber } from "../../format/numbers";
import { optionPicked, type Action } from "./ticketSlice";

const Grid = styled.table`
  font-size: var(--text-sm);
  th {
    position: sticky;
    top: 0;
    color: var(--muted);
    font-weight: 500;
    padding: var(--space-2);
    border-bottom: 1px solid var(--line);
    text-align: right;
    white-space: nowrap;
  }
  td {
    height: var(--row);
    padding: 0 var(--space-2);
    text-align: right;
    white-space: nowrap;
    border-bottom: 1px solid var(--line);
  }
  tbody tr:hover td {
    background: var(--hover);
  }
  th.strike,
  td.strike {
    text-align: center;
    font-weight: 650;
    background: var(--raised);
    border-left: 1px solid var(--line);
    border-right: 1px solid var(--line);
  }
  td.itm {
    background: var(--moneyness);
  }
  th.group {
    text-align: center;
    color: var(--text);
    font-weight: 600;
  }
  @media (max-width: 620px) {
    .wide,
    .groups {
      display: none;
    }
    td,
    th {
      padding: 0 2px;
    }
    button {
      min-width: 0;
    }
  }
`;

const Price = styled.button<{ $action: Action }>`
  border: 0;
  border-radius: 4px;
  background: none;
  padding: 2px 6px;
  min-width: 62px;
  text-align: right;
  cursor: pointer;
  font-weight: 550;
  color: ${({ $action }) => ($action === "buy" ? "var(--up)" : "var(--down)")};
  &:hover:not(:disabled) {
    background: ${({ $action }) => ($action === "buy" ? "var(--up-soft)" : "var(--down-soft)")};
  }
  &:disabled {
    color: var(--faint);
    cursor: default;
  }
`;

const Spot = styled.tr`
  td {
    height: 22px;
    background: var(--accent-soft);
    color: var(--accent);
    text-align: center;
    font-size: var(--text-xs);
    font-weight: 600;
  }
`;

const Facts = styled(Row)`
  padding: var(--space-2) var(--space-3);
  border-bottom: 1px solid var(--line);
  gap: var(--space-4);
`;

/** Calls on the left, puts on the right, strikes between; a line where spot stands. A price fills the ticket. */
export function ChainTable({ symbol, expiry }: { symbol: string; expiry: number }) {
  const { data, isError, refetch } = useChainQuery({ symbol, expiry });
  const held = useHeld();
  const dispatch = useAppDispatch();
  const pick = useCallback(
    (option: ChainOption, action: Action) =>
      dispatch(optionPicked({ name: option.name, seriesId: option.series_id, action })),
    [dispatch],
  );

  if (!data) return isError ? <Failed what="The chain" retry={() => void refetch()} /> : <Loading rows={16} label="the option chain" />;
  if (data.rows.length === 0) return <Empty>No series is listed for this expiry.</Empty>;
  const spot = toNumber(data.spot);
  const firstAbove = spot === null ? -1 : data.rows.findIndex((row) => Number(row.strike) > spot);
  return (
    <>
      <Facts>
        <Text $size="sm" $tone="muted">
          Forward <Text>{fixed(data.forward, 2)}</Text>
        </Text>
        <Text $size="sm" $tone="muted">
          Prices for 1 contract: calls in {symbol}, puts in USDC
        </Text>
        {data.slice?.halted && <Badge $tone="warn">Halted</Badge>}
        {data.settled && <Badge>Settled at {fixed(data.settlement_price, 2)}</Badge>}
      </Facts>
      <Scroll>
        <Grid data-testid="chain" data-block={data.block.number}>
          <thead>
            <tr className="groups">
              <th className="group" colSpan={5}>
                Calls
              </th>
              <th className="strike" />
              <th className="group" colSpan={5}>
                Puts
              </th>
            </tr>
            <tr>
              <th className="wide">Open int.</th>
              <th className="wide">Delta</th>
              <th className="wide">IV</th>
              <th>Bid</th>
              <th>Ask</th>
              <th className="strike">Strike</th>
              <th>Bid</th>
              <th>Ask</th>
              <th className="wide">IV</th>
              <th className="wide">Delta</th>
              <th className="wide">Open int.</th>
            </tr>
          </thead>
          <tbody>
            {data.rows.map((row, index) => (
              <StrikeRow
                key={row.strike}
                row={row}
                line={index === firstAbove && spot !== null ? fixed(spot, 2) : null}
                callInMoney={spot !== null && Number(row.strike) < spot}
                putInMoney={spot !== null && Number(row.strike) > spot}
                heldCall={held.get(row.call?.name ?? "") ?? null}
                heldPut={held.get(row.put?.name ?? "") ?? null}
                symbol={symbol}
                pick={pick}
              />
            ))}
          </tbody>
        </Grid>
      </Scroll>
    </>
  );
}

interface StrikeRowProps {
  row: ChainRow;
  line: string | null;
  callInMoney: boolean;
  putInMoney: boolean;
  heldCall: string | null;
  heldPut: string | null;
  symbol: string;
  pick: (option: ChainOption, action: Action) => void;
}

const StrikeRow = memo(function StrikeRow(props: StrikeRowProps) {
  const { row, line, callInMoney, putInMoney, heldCall, heldPut, symbol, pick } = props;
  const { call, put } = row;
  const callClass = callInMoney ? "itm" : "";
  const putClass = putInMoney ? "itm" : "";
  return (
    <>
      {line !== null && (
        <Spot>
          <td colSpan={11}>{`${symbol} ${line}`}</td>
        </Spot>
      )}
      <tr>
        <td className={`wide ${callClass}`}>{interest(call)}</td>
        <td className={`wide ${callClass}`}>{fixed(call?.delta, 2)}</td>
        <td className={`wide ${callClass}`}>{percent(call?.volatility)}</td>
        <PriceCell option={call} action="sell" places={4} pick={pick} className={callClass} />
        <PriceCell option={call} action="buy" places={4} pick={pick} className={callClass} />
        <td className="strike">
          {heldCall && <Held label={`You hold ${heldCall} calls`} amount={heldCall} />}
          {compact(row.strike)}
          {heldPut && <Held label={`You hold ${heldPut} puts`} amount={heldPut} />}
        </td>
        <PriceCell option={put} action="sell" places={2} pick={pick} className={putClass} />
        <PriceCell option={put} action="buy" places={2} pick={pick} className={putClass} />
        <td className={`wide ${putClass}`}>{percent(put?.volatility)}</td>
        <td className={`wide ${putClass}`}>{fixed(put?.delta, 2)}</td>
        <td className={`wide ${putClass}`}>{interest(put)}</td>
      </tr>
    </>
  );
});

interface PriceCellProps {
  option: ChainOption | null;
  action: Action;
  places: number;
  className: string;
  pick: (option: ChainOption, action: Action) => void;
}

function PriceCell({ option, action, places, className, pick }: PriceCellProps) {
  const price = action === "buy" ? option?.ask : option?.bid;
  return (
    <td className={className}>
      <Price
        type="button"
        $action={action}
        disabled={!option || price === null || price === undefined}
        title={price ? undefined : (option?.reason ?? undefined)}
        aria-label={option ? `${action === "buy" ? "Buy" : "Sell"} ${option.name}` : undefined}
        onClick={() => option && pick(option, action)}
      >
        {fixed(price, places)}
      </Price>
    </td>
  );
}

function Held({ label, amount }: { label: string; amount: string }) {
  return (
    <Badge $tone="accent" title={label} style={{ margin: "0 6px" }}>
      {compact(amount, 2)}
    </Badge>
  );
}

function interest(option: ChainOption | null): string {
  return option && Number(option.open_interest) > 0 ? compact(option.open_interest, 2) : NOTHING;
}

function useHeld(): Map<string, string> {
  const address = useAppSelector((state) => state.wallet.address);
  const { data } = useAccountQuery(address ?? "", { skip: !address });
  return new Map((data?.positions ?? []).map((position) => [position.name, position.amount]));
}
