import { useAccountQuery, useHistoryQuery } from "../../api/optionixApi";
import { useAppSelector } from "../../app/hooks";
import { useNow } from "../../app/useNow";
import { Panel, PanelHead, Scroll, Stack, Table, Text } from "../../components/primitives";
import { Empty, Failed, Loading } from "../../components/states";
import { momentOf } from "../../format/dates";
import { assetPlaces, compact, fixed, money, NOTHING, shortAddress } from "../../format/numbers";
import { PositionsTable } from "./PositionsTable";

const activityName = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ");

/** What the connected account has on the exchange. */
export function PortfolioPage() {
  const address = useAppSelector((state) => state.wallet.address);
  if (!address) {
    return (
      <Panel>
        <Empty>Connect a wallet to see its positions, books and history.</Empty>
      </Panel>
    );
  }
  return <Portfolio address={address} />;
}

function Portfolio({ address }: { address: string }) {
  const { data, isError, refetch } = useAccountQuery(address);
  if (!data) {
    return (
      <Panel>{isError ? <Failed what="The account" retry={() => void refetch()} /> : <Loading rows={8} label="the account" />}</Panel>
    );
  }
  return (
    <Stack $gap={3}>
      <Panel aria-label="Positions">
        <PanelHead>
          <h2>Positions</h2>
          <Text $size="sm" $tone="muted">
            {shortAddress(address)}
          </Text>
        </PanelHead>
        <PositionsTable positions={data.positions} />
      </Panel>
      <Panel aria-label="Books">
        <PanelHead>
          <h2>Written books</h2>
        </PanelHead>
        {data.books.length === 0 ? (
          <Empty>Nothing written. A book locks exactly its worst loss.</Empty>
        ) : (
          <Scroll>
            <Table>
              <thead>
                <tr>
                  <th>Book</th>
                  <th>Legs</th>
                  <th>Locked</th>
                  <th>Required</th>
                </tr>
              </thead>
              <tbody>
                {data.books.map((book) => (
                  <tr key={book.key}>
                    <td>{`${book.market} ${book.side === "CALL" ? "calls" : "puts"} ${momentOf(book.expiry)}`}</td>
                    <td>{book.legs.map((leg) => `${compact(leg.amount, 3)} × ${compact(leg.strike)}`).join(", ") || NOTHING}</td>
                    <td>{money(book.locked, book.asset)}</td>
                    <td>{money(book.required, book.asset)}</td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </Scroll>
        )}
      </Panel>
      <Panel aria-label="Free balances">
        <PanelHead>
          <h2>Free balances</h2>
        </PanelHead>
        {data.balances.length === 0 ? (
          <Empty>No free balance in the Clearinghouse.</Empty>
        ) : (
          <Scroll>
            <Table>
              <tbody>
                {data.balances.map((balance) => (
                  <tr key={balance.token}>
                    <td>{balance.symbol}</td>
                    <td>{fixed(balance.free, assetPlaces(balance.symbol))}</td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </Scroll>
        )}
      </Panel>
      <Activity address={address} />
    </Stack>
  );
}

function Activity({ address }: { address: string }) {
  const { block } = useNow();
  const { data } = useHistoryQuery(address, { refetchOnMountOrArgChange: true, pollingInterval: block > 0 ? 4_000 : 0 });
  return (
    <Panel aria-label="History">
      <PanelHead>
        <h2>History</h2>
      </PanelHead>
      {!data && <Loading rows={4} label="the history" />}
      {data?.activity.length === 0 && <Empty>Nothing has happened yet.</Empty>}
      {data && data.activity.length > 0 && (
        <Scroll>
          <Table>
            <thead>
              <tr>
                <th>What</th>
                <th>Series</th>
                <th>Amount</th>
                <th>Assets</th>
                <th>When</th>
                <th>Transaction</th>
              </tr>
            </thead>
            <tbody>
              {data.activity.map((entry) => (
                <tr key={entry.id}>
                  <td>{activityName(entry.kind)}</td>
                  <td>{entry.name ?? NOTHING}</td>
                  <td>{compact(entry.amount, 4)}</td>
                  <td>{entry.assets && entry.asset ? money(entry.assets, entry.asset) : NOTHING}</td>
                  <td>{momentOf(entry.timestamp)}</td>
                  <td>{shortAddress(entry.transaction)}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}
