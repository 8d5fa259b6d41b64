import { Link } from "react-router";
import styled from "styled-components";
import { useExpiriesQuery, useMarketsQuery, useSettlementsQuery, useVaultsQuery } from "../../api/optionixApi";
import type { MarketSummary, Settlement } from "../../api/types";
import { Panel, PanelBody, PanelHead, Row, Scroll, Stack, Table, Text } from "../../components/primitives";
import { Empty, Failed, Loading } from "../../components/states";
import { change, compact, fixed, money, percent } from "../../format/numbers";
import { PriceLine } from "./PriceLine";
import { TermStructure } from "./TermStructure";

const Grid = styled.div`
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr));
  gap: var(--space-3);
`;

const Open = styled(Link)`
  color: var(--accent);
  font-weight: 550;
  font-size: var(--text-sm);
`;

/** The markets at a glance, the vaults behind them, and what settled last. */
export function DashboardPage() {
  const { data, isError, refetch } = useMarketsQuery();
  if (!data) {
    return <Panel>{isError ? <Failed what="The markets" retry={() => void refetch()} /> : <Loading rows={8} label="the markets" />}</Panel>;
  }
  return (
    <Stack $gap={3}>
      <Grid>
        {data.markets.map((market) => (
          <MarketCard key={market.symbol} market={market} />
        ))}
      </Grid>
      <Grid>
        <VaultsPanel />
        <SettlementsPanel />
      </Grid>
    </Stack>
  );
}

function MarketCard({ market }: { market: MarketSummary }) {
  const { data } = useExpiriesQuery(market.symbol, { pollingInterval: 10_000 });
  const rise = market.spot_change_24h;
  const live = (data?.expiries ?? []).filter((entry) => market.expiries.includes(entry.expiry));
  return (
    <Panel aria-label={`${market.symbol} market`}>
      <PanelHead>
        <Row>
          <h2>{market.symbol}</h2>
          <Text $size="xl" $strong>
            {fixed(market.spot, 2)}
          </Text>
          <Text $tone={rise === null || rise === 0 ? "muted" : rise > 0 ? "up" : "down"}>{change(rise)}</Text>
        </Row>
        <Open to={`/trade/${market.symbol}`}>Trade</Open>
      </PanelHead>
      <PanelBody>
        <Stack $gap={3}>
          <PriceLine symbol={market.symbol} />
          <Row $between>
            <Text $size="sm" $tone="muted">
              ATM volatility {percent(market.atm_volatility)}
            </Text>
            <Text $size="sm" $tone="muted">
              Open interest {compact(market.open_interest, 2)}
            </Text>
            <Text $size="sm" $tone="muted">
              Volume 24 h {compact(market.volume_24h, 2)}
            </Text>
          </Row>
          <TermStructure expiries={live} />
        </Stack>
      </PanelBody>
    </Panel>
  );
}

function VaultsPanel() {
  const { data } = useVaultsQuery();
  return (
    <Panel aria-label="Vaults">
      <PanelHead>
        <h2>Vaults</h2>
        <Open to="/earn">Earn</Open>
      </PanelHead>
      {!data ? (
        <Loading rows={4} label="the vaults" />
      ) : (
        <Scroll>
          <Table>
            <thead>
              <tr>
                <th>Vault</th>
                <th>Net assets</th>
                <th>Value per share</th>
                <th>In use</th>
              </tr>
            </thead>
            <tbody>
              {data.vaults.map((vault) => (
                <tr key={vault.address}>
                  <td>{`${vault.market} ${vault.side === "CALL" ? "calls" : "puts"}`}</td>
                  <td>{money(vault.net_assets, vault.asset)}</td>
                  <td>{fixed(vault.value_per_share, 5)}</td>
                  <td>{percent(vault.utilisation)}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}

const SETTLEMENTS_SHOWN = 6;

const SETTLEMENT_RULES: Record<Settlement["rule"], { name: string; meaning: string }> = {
  average: { name: "30-minute average", meaning: "Proven from the feed's own rounds before the expiry." },
  last_round: { name: "Last round", meaning: "No average could be proven for a day: the feed's last positive round." },
  checkpoint: { name: "Checkpoint", meaning: "The feed could not be read: the last spot that the contract itself kept." },
};

function SettlementsPanel() {
  const { data } = useSettlementsQuery(undefined, { pollingInterval: 10_000 });
  return (
    <Panel aria-label="Settlements">
      <PanelHead>
        <h2>Last settlements</h2>
      </PanelHead>
      {!data && <Loading rows={4} label="settlements" />}
      {data?.settlements.length === 0 && <Empty>No expiry has settled yet.</Empty>}
      {data && data.settlements.length > 0 && (
        <Scroll>
          <Table>
            <thead>
              <tr>
                <th>Expiry</th>
                <th>Price</th>
                <th>Rule</th>
              </tr>
            </thead>
            <tbody>
              {data.settlements.slice(0, SETTLEMENTS_SHOWN).map((entry) => (
                <tr key={`${entry.market}${entry.expiry}`}>
                  <td>{`${entry.market} ${entry.expiry_name}`}</td>
                  <td>{fixed(entry.price, 4)}</td>
                  <td title={SETTLEMENT_RULES[entry.rule].meaning}>{SETTLEMENT_RULES[entry.rule].name}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}
