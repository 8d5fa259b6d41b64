import { NavLink, Outlet } from "react-router";
import styled from "styled-components";
import { Button } from "../components/primitives";
import { themeChosen, applyTheme } from "../theme/themeSlice";
import { TransactionList } from "../chain/TransactionList";
import { ConnectButton } from "../wallet/ConnectButton";
import { useWalletEvents } from "../wallet/useWalletEvents";
import { useAppDispatch, useAppSelector } from "./hooks";
import { StatusBar } from "./StatusBar";

const Frame = styled.div`
  min-height: 100%;
  display: grid;
  grid-template-rows: auto 1fr auto;
`;

const Top = styled.header`
  display: flex;
  align-items: center;
  gap: var(--space-4);
  padding: var(--space-2) var(--space-4);
  border-bottom: 1px solid var(--line);
  background: var(--surface);
  flex-wrap: wrap;
`;

const Brand = styled(NavLink)`
  display: flex;
  align-items: center;
  gap: var(--space-2);
  font-weight: 700;
  letter-spacing: -0.01em;
  font-size: var(--text-lg);
  img {
    width: 24px;
    height: 24px;
  }
`;

const Nav = styled.nav`
  display: flex;
  gap: var(--space-1);
  flex: 1;
  @media (max-width: 620px) {
    order: 3;
    flex-basis: 100%;
  }
  a {
    padding: 6px var(--space-3);
    border-radius: var(--radius-sm);
    color: var(--muted);
    font-weight: 550;
    &:hover {
      background: var(--hover);
    }
    &[aria-current="page"] {
      color: var(--text);
      background: var(--hover);
    }
  }
`;

const Main = styled.main`
  width: 100%;
  max-width: 1560px;
  margin: 0 auto;
  padding: var(--space-3) var(--space-4) var(--space-6);
  min-width: 0;
`;

/** Everything around a page: brand, navigation, wallet, transactions, status. */
export function Shell() {
  useWalletEvents();
  const dispatch = useAppDispatch();
  const theme = useAppSelector((state) => state.theme);
  const other = theme === "dark" ? "light" : "dark";
  return (
    <Frame>
      <Top>
        <Brand to="/" end>
          <img src="/favicon.svg" alt="" />
          Optionix
        </Brand>
        <Nav aria-label="Pages">
          <NavLink to="/" end>
            Markets
          </NavLink>
          <NavLink to="/trade">Trade</NavLink>
          <NavLink to="/portfolio">Portfolio</NavLink>
          <NavLink to="/earn">Earn</NavLink>
        </Nav>
        <Button
          aria-label={`Switch to the ${other} theme`}
          title={`Switch to the ${other} theme`}
          onClick={() => {
            applyTheme(other);
            dispatch(themeChosen(other));
          }}
        >
          {theme === "dark" ? "☾" : "☀"}
        </Button>
        <ConnectButton />
      </Top>
      <Main>
        <Outlet />
      </Main>
      <StatusBar />
      <TransactionList />
    </Frame>
  );
}
