import { useTradesQuery } from "../../api/optionixApi";
import { Panel, PanelHead, Scroll, Table, Text } from "../../components/primitives";
import { Empty, Loading } from "../../components/states";
import { momentOf } from "../../format/dates";
import { assetPlaces, compact, fixed, percent } from "../../format/numbers";

const SHOWN = 12;

/** The newest trades of a market. */
export function RecentTrades({ symbol }: { symbol: string }) {
  const { data } = useTradesQuery({ symbol });
  return (
    <Panel aria-label="Recent trades">
      <PanelHead>
        <h2>Recent trades</h2>
      </PanelHead>
      {!data && <Loading rows={4} label="trades" />}
      {data?.trades.length === 0 && <Empty>No trade yet. The first could be yours.</Empty>}
      {data && data.trades.length > 0 && (
        <Scroll>
          <Table>
            <thead>
              <tr>
                <th>Series</th>
                <th>Size</th>
                <th>Price</th>
                <th>IV</th>
              </tr>
            </thead>
            <tbody>
              {data.trades.slice(0, SHOWN).map((trade) => (
                <tr key={trade.id} title={momentOf(trade.timestamp)}>
                  <td>{trade.name}</td>
                  <td>{compact(trade.amount, 3)}</td>
                  <td>
                    <Text $tone={trade.action === "buy" ? "up" : "down"}>{fixed(trade.price, assetPlaces(trade.asset))}</Text>
                  </td>
                  <td>{percent(trade.volatility)}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}
