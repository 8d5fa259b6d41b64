import { lazy, Suspense } from "react";
import styled from "styled-components";

const Chart = lazy(() => import("./PriceChart"));

const Place = styled.div`
  height: 150px;
  min-width: 0;
  overflow: hidden;
`;

/** The price chart, loaded when it is first shown; its place is kept so that nothing jumps. */
export function PriceLine({ symbol }: { symbol: string }) {
  return (
    <Place>
      <Suspense fallback={null}>
        <Chart symbol={symbol} />
      </Suspense>
    </Place>
  );
}
