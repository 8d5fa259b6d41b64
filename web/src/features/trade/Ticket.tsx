import { useState } from "react";
import styled from "styled-components";
import { useAccountQuery, useQuoteQuery } from "../../api/optionixApi";
import type { QuoteView } from "../../api/types";
import { useAppDispatch, useAppSelector } from "../../app/hooks";
import { Button, Input, Panel, PanelBody, PanelHead, Row, Stack, Text } from "../../components/primitives";
import { Empty } from "../../components/states";
import { assetPlaces, compact, fixed, money, percent } from "../../format/numbers";
import { useNow } from "../../app/useNow";
import { amountWad } from "./limits";
import { breakEven, maxPayoff, parseName } from "./payoff";
import { PayoffDiagram } from "./PayoffDiagram";
import { actionChosen, amountTyped } from "./ticketSlice";
import { useTrade } from "./useTrade";

const Facts = styled.dl`
  display: grid;
  grid-template-columns: 1fr auto;
  gap: var(--space-1) var(--space-3);
  margin: 0;
  font-size: var(--text-sm);
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    text-align: right;
  }
`;

const Total = styled(Row)`
  padding-top: var(--space-3);
  border-top: 1px solid var(--line);
`;

/** The ticket: what is bought or sold, what it costs and why, and the button. */
export function Ticket() {
  const { name, seriesId } = useAppSelector((state) => state.ticket);
  return (
    <Panel aria-label="Ticket">
      <PanelHead>
        <h2>{name ?? "Ticket"}</h2>
      </PanelHead>
      <PanelBody>
        {name && seriesId ? <Form name={name} seriesId={seriesId} /> : <Empty>Click a bid or an ask in the chain to begin.</Empty>}
      </PanelBody>
    </Panel>
  );
}

function Form({ name, seriesId }: { name: string; seriesId: string }) {
  const dispatch = useAppDispatch();
  const { action, amount, slippage } = useAppSelector((state) => state.ticket);
  const connected = useAppSelector((state) => state.wallet.status === "connected");
  const wad = amountWad(amount);
  const { block } = useNow();
  const { data, isError } = useQuoteQuery({ name, action, amount: amount.trim(), block }, { skip: wad === null });
  const [shown, setShown] = useState<QuoteView | undefined>();
  if (data && data !== shown) setShown(data);
  const quote = data ?? (shown?.name === name && shown.action === action ? shown : undefined);
  const held = useHeldAmount(name);
  const { trade, busy, error } = useTrade();
  const option = parseName(name);
  const tooMuch = action === "sell" && wad !== null && Number(amount) > held;
  const ready = connected && wad !== null && quote?.executable && !tooMuch && !busy;

  return (
    <Stack $gap={3}>
      <Row role="group" aria-label="Action">
        <Button $kind="buy" style={{ flex: 1 }} aria-pressed={action === "buy"} onClick={() => dispatch(actionChosen("buy"))}>
          Buy
        </Button>
        <Button $kind="sell" style={{ flex: 1 }} aria-pressed={action === "sell"} onClick={() => dispatch(actionChosen("sell"))}>
          Sell back
        </Button>
      </Row>
      <label>
        <Row $between>
          <Text $size="sm" $tone="muted">
            Contracts
          </Text>
          {action === "sell" && (
            <Text $size="sm" $tone="muted">
              You hold {compact(held, 4)}
            </Text>
          )}
        </Row>
        <Input
          inputMode="decimal"
          value={amount}
          aria-invalid={wad === null || tooMuch}
          onChange={(event) => dispatch(amountTyped(event.target.value))}
        />
      </label>
      {wad === null && <Text $size="sm" $tone="down">Type an amount above zero, with at most eight decimals.</Text>}
      {tooMuch && <Text $size="sm" $tone="down">You hold fewer contracts than that.</Text>}
      {isError && wad !== null && !quote && <Text $size="sm" $tone="down">No quote right now. It is asked for again with each block.</Text>}
      {quote && option && (
        <>
          <QuoteFacts quote={quote} />
          {action === "buy" && (
            <>
              <PayoffDiagram option={option} premium={Number(quote.total) / Number(quote.amount)} asset={quote.asset} />
              <Facts>
                <dt>Break-even at expiry</dt>
                <dd>{fixed(breakEven(option, Number(quote.total) / Number(quote.amount)), 2)} USDC</dd>
                <dt>Most you can lose</dt>
                <dd>{money(quote.total, quote.asset)}</dd>
                <dt>Most it can pay</dt>
                <dd>{money(maxPayoff(option) * Number(quote.amount), quote.asset)}</dd>
              </Facts>
            </>
          )}
          <Total $between>
            <Text $strong>{action === "buy" ? "You pay" : "You get"}</Text>
            <Text $strong $size="lg" data-testid="total">
              {money(quote.total, quote.asset)}
            </Text>
          </Total>
          {!quote.executable && <Text $size="sm" $tone="warn">{quote.reason ?? "The vault does not quote this now."}</Text>}
        </>
      )}
      <Button
        $kind="primary"
        $wide
        disabled={!ready}
        onClick={() => quote && wad !== null && void trade({ quote, seriesId, amount: wad, slippage })}
      >
        {!connected ? "Connect a wallet to trade" : busy ? "Waiting…" : action === "buy" ? "Buy" : "Sell back"}
      </Button>
      {error && (
        <Text $size="sm" $tone="down" role="alert">
          {error}
        </Text>
      )}
      <Text $size="xs" $tone="muted">
        Limit {percent(slippage, 0)} beyond this price; the contract refuses anything worse.
      </Text>
    </Stack>
  );
}

function QuoteFacts({ quote }: { quote: QuoteView }) {
  const places = assetPlaces(quote.asset) + 2;
  const parts: [string, string][] = [
    ["Model value", quote.mark],
    ["Spread", quote.spread],
    ["Vega impact", quote.skew],
    ["Use of collateral", quote.use],
    ["Oracle guard", quote.guard],
    ["Minimum", quote.floor],
    ["Fee", quote.fee],
  ];
  return (
    <Facts>
      {parts
        .filter(([label, value]) => label === "Model value" || Number(value) !== 0)
        .map(([label, value]) => (
          <Pair key={label} label={label} value={fixed(value, places)} />
        ))}
      <Pair label="Volatility" value={percent(quote.volatility)} />
      <Pair label="Delta" value={fixed(quote.delta, 3)} />
    </Facts>
  );
}

function Pair({ label, value }: { label: string; value: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </>
  );
}

function useHeldAmount(name: string): number {
  const address = useAppSelector((state) => state.wallet.address);
  const { data } = useAccountQuery(address ?? "", { skip: !address });
  return Number(data?.positions.find((position) => position.name === name)?.amount ?? 0);
}

