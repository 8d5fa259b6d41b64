import { Navigate, Route, Routes } from "react-router";
import { DashboardPage } from "../features/dashboard/DashboardPage";
import { EarnPage } from "../features/earn/EarnPage";
import { PortfolioPage } from "../features/portfolio/PortfolioPage";
import { TradePage } from "../features/trade/TradePage";
import { GlobalStyle } from "../theme/GlobalStyle";
import { Shell } from "./Shell";

export function App() {
  return (
    <>
      <GlobalStyle />
      <Routes>
        <Route element={<Shell />}>
          <Route index element={<DashboardPage />} />
          <Route path="trade/:symbol?/:expiry?" element={<TradePage />} />
          <Route path="portfolio" element={<PortfolioPage />} />
          <Route path="earn" element={<EarnPage />} />
          <Route path="*" element={<Navigate to="/" replace />} />
        </Route>
      </Routes>
    </>
  );
}
