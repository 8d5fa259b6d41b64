import { useEffect, useMemo } from "react";
import { useNavigate, useParams } from "react-router";
import styled from "styled-components";
import { useExpiriesQuery, useMarketsQuery } from "../../api/optionixApi";
import { Panel } from "../../components/primitives";
import { Failed, Loading } from "../../components/states";
import { ChainTable } from "./ChainTable";
import { ExpiryTabs } from "./ExpiryTabs";
import { MarketBar } from "./MarketBar";
import { RecentTrades } from "./RecentTrades";
import { Ticket } from "./Ticket";

const Layout = styled.div`
  display: grid;
  grid-template-columns: minmax(0, 1fr) 340px;
  gap: var(--space-3);
  align-items: start;
  @media (max-width: 1080px) {
    grid-template-columns: minmax(0, 1fr);
  }
`;

const Side = styled.aside`
  display: grid;
  gap: var(--space-3);
  position: sticky;
  top: var(--space-3);
  min-width: 0;
  @media (max-width: 1080px) {
    position: static;
  }
`;

/** The option chain of a market and expiry with the ticket beside it. The address names both. */
export function TradePage() {
  const { symbol = "ETH", expiry } = useParams();
  const navigate = useNavigate();
  const markets = useMarketsQuery();
  const expiries = useExpiriesQuery(symbol, { pollingInterval: 10_000 });
  const market = markets.data?.markets.find((entry) => entry.symbol === symbol);
  const live = useMemo(
    () => (expiries.data?.expiries ?? []).filter((entry) => market?.expiries.includes(entry.expiry)),
    [expiries.data, market?.expiries],
  );
  const chosen = live.find((entry) => entry.expiry === Number(expiry)) ?? live[0];

  useEffect(() => {
    if (chosen && Number(expiry) !== chosen.expiry) {
      void navigate(`/trade/${symbol}/${chosen.expiry}`, { replace: true });
    }
  }, [chosen, expiry, navigate, symbol]);

  if (markets.isError && !markets.data) return <Failed what="The markets" retry={() => void markets.refetch()} />;
  return (
    <>
      <MarketBar symbol={symbol} markets={markets.data?.markets ?? []} />
      <Layout>
        <Panel aria-label="Option chain">
          {chosen ? (
            <>
              <ExpiryTabs symbol={symbol} expiries={live} chosen={chosen.expiry} now={markets.data?.block.timestamp ?? 0} />
              <ChainTable symbol={symbol} expiry={chosen.expiry} />
            </>
          ) : (
            <Loading rows={16} label="the option chain" />
          )}
        </Panel>
        <Side>
          <Ticket />
          <RecentTrades symbol={symbol} />
        </Side>
      </Layout>
    </>
  );
}
