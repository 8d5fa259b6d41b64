import { useEffect } from "react";
import { useAppDispatch, useAppSelector } from "../app/hooks";
import { announcedWallets, startDiscovery, subscribeWallets, walletByRdns } from "./discovery";
import { accountChanged, chainChanged, connectWallet, rememberedWallet } from "./walletSlice";

/** Looks for wallets, restores the last one silently, and follows its account and chain. Used once, by the shell. */
export function useWalletEvents(): void {
  const dispatch = useAppDispatch();
  const rdns = useAppSelector((state) => (state.wallet.status === "connected" ? state.wallet.rdns : null));

  useEffect(() => {
    startDiscovery();
    const restore = () => {
      const remembered = rememberedWallet();
      if (!remembered || !announcedWallets().some((wallet) => wallet.info.rdns === remembered)) return;
      stop();
      void dispatch(connectWallet({ rdns: remembered, silent: true }));
    };
    const stop = subscribeWallets(restore);
    restore();
    return stop;
  }, [dispatch]);

  useEffect(() => {
    const provider = rdns ? walletByRdns(rdns)?.provider : undefined;
    if (!provider?.on) return;
    const onAccounts = (accounts: readonly string[]) => dispatch(accountChanged(accounts[0]));
    const onChain = (chainId: string) => dispatch(chainChanged(Number(chainId)));
    provider.on("accountsChanged", onAccounts);
    provider.on("chainChanged", onChain);
    return () => {
      provider.removeListener("accountsChanged", onAccounts);
      provider.removeListener("chainChanged", onChain);
    };
  }, [dispatch, rdns]);
}
