import { useState, useSyncExternalStore } from "react";
import styled from "styled-components";
import { useContractsQuery } from "../api/optionixApi";
import { useAppDispatch, useAppSelector } from "../app/hooks";
import { Badge, Button, Text } from "../components/primitives";
import { shortAddress } from "../format/numbers";
import { announcedWallets, subscribeWallets } from "./discovery";
import { connectWallet, walletDisconnected } from "./walletSlice";

const Anchor = styled.div`
  position: relative;
`;

const Menu = styled.div`
  position: absolute;
  right: 0;
  top: calc(100% + 6px);
  z-index: 20;
  min-width: 240px;
  display: grid;
  gap: var(--space-2);
  padding: var(--space-3);
  background: var(--raised);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius);
  box-shadow: var(--shadow);
`;

const Choice = styled(Button)`
  display: flex;
  align-items: center;
  gap: var(--space-2);
  justify-content: flex-start;
  img {
    width: 20px;
    height: 20px;
    border-radius: 4px;
  }
`;

/** Connects a wallet that announced itself, or shows the connected account. */
export function ConnectButton() {
  const dispatch = useAppDispatch();
  const wallets = useSyncExternalStore(subscribeWallets, announcedWallets);
  const { address, chainId, status, error } = useAppSelector((state) => state.wallet);
  const { data: deployment } = useContractsQuery();
  const [open, setOpen] = useState(false);
  const elsewhere = address !== null && deployment !== undefined && deployment.chain_id !== chainId;

  return (
    <Anchor onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <Button $kind={address ? "plain" : "primary"} aria-expanded={open} onClick={() => setOpen(!open)}>
        {address ? shortAddress(address) : status === "connecting" ? "Connecting…" : "Connect wallet"}
        {elsewhere && (
          <Badge $tone="warn" style={{ marginLeft: 8 }}>
            Wrong network
          </Badge>
        )}
      </Button>
      {open && (
        <Menu role="dialog" aria-label="Wallet">
          {address ? (
            <>
              <Text $size="sm" $tone="muted" style={{ wordBreak: "break-all" }}>
                {address}
              </Text>
              {elsewhere && (
                <Text $size="sm" $tone="warn">
                  Your wallet is on chain {chainId}. Optionix here runs on chain {deployment.chain_id}: switch the wallet's
                  network.
                </Text>
              )}
              <Button
                onClick={() => {
                  dispatch(walletDisconnected());
                  setOpen(false);
                }}
              >
                Disconnect
              </Button>
            </>
          ) : (
            <>
              {wallets.length === 0 && (
                <Text $size="sm" $tone="muted">
                  No wallet was found in this browser. Everything can be read without one.
                </Text>
              )}
              {wallets.map(({ info }) => (
                <Choice
                  key={info.uuid}
                  onClick={() => {
                    void dispatch(connectWallet({ rdns: info.rdns }));
                    setOpen(false);
                  }}
                >
                  {info.icon.startsWith("data:image/") && <img src={info.icon} alt="" />}
                  {info.name}
                </Choice>
              ))}
              {error && (
                <Text $size="sm" $tone="down" role="alert">
                  {error}
                </Text>
              )}
            </>
          )}
        </Menu>
      )}
    </Anchor>
  );
}
