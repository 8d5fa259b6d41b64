import type { EIP1193Provider } from "viem";

/** A wallet that announced itself by EIP-6963. */
export interface AnnouncedWallet {
  info: { uuid: string; name: string; icon: string; rdns: string };
  provider: EIP1193Provider;
}

const wallets = new Map<string, AnnouncedWallet>();
const listeners = new Set<() => void>();
let snapshot: readonly AnnouncedWallet[] = [];

function announced(event: Event): void {
  const { detail } = event as CustomEvent<AnnouncedWallet>;
  if (!detail?.info?.uuid || !detail.provider) return;
  wallets.set(detail.info.uuid, detail);
  snapshot = [...wallets.values()];
  for (const listener of listeners) listener();
}

/** Begins to listen and asks wallets to announce themselves. Providers live here and not in the store: they are no data. */
export function startDiscovery(): void {
  window.addEventListener("eip6963:announceProvider", announced);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

export function subscribeWallets(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const announcedWallets = () => snapshot;
export const walletByRdns = (rdns: string) => snapshot.find((wallet) => wallet.info.rdns === rdns);
