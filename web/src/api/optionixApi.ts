import { createApi, fetchBaseQuery } from "@reduxjs/toolkit/query/react";
import { streamSocket } from "./socket";
import type {
  Account,
  BlockRef,
  Chain,
  Deployment,
  Expiries,
  History,
  Markets,
  QuoteView,
  Settlements,
  SpotCandles,
  Status,
  Trades,
  Vaults,
} from "./types";

interface Lifecycle<T> {
  cacheDataLoaded: Promise<unknown>;
  cacheEntryRemoved: Promise<void>;
  updateCachedData: (recipe: (draft: T) => T | undefined) => void;
}

/** Keeps a cache entry at the channel's newest message for as long as a component reads it. */
async function follow<T>(channel: string, { cacheDataLoaded, cacheEntryRemoved, updateCachedData }: Lifecycle<T>) {
  let unsubscribe: (() => void) | undefined;
  try {
    await cacheDataLoaded;
    unsubscribe = streamSocket.subscribe(channel, ({ block, data }) => {
      updateCachedData(() => ({ ...(data as object), block }) as T);
    });
  } catch {
    // The entry was dropped before its first answer came; there is nothing to follow.
  }
  await cacheEntryRemoved;
  unsubscribe?.();
}

export const optionixApi = createApi({
  reducerPath: "api",
  baseQuery: fetchBaseQuery({ baseUrl: "/v1" }),
  refetchOnReconnect: true,
  tagTypes: ["Account", "History"],
  endpoints: (build) => ({
    contracts: build.query<Deployment, void>({ query: () => "contracts" }),
    status: build.query<Status, void>({ query: () => "status" }),
    blocks: build.query<{ block: BlockRef }, void>({
      queryFn: () => ({ data: { block: { chain_id: 0, number: 0, hash: "", timestamp: 0 } } }),
      onCacheEntryAdded: (_, lifecycle) => follow("blocks", lifecycle),
    }),
    markets: build.query<Markets, void>({
      query: () => "markets",
      onCacheEntryAdded: (_, lifecycle) => follow("markets", lifecycle),
    }),
    expiries: build.query<Expiries, string>({ query: (symbol) => `markets/${symbol}/expiries` }),
    chain: build.query<Chain, { symbol: string; expiry: number }>({
      query: ({ symbol, expiry }) => ({ url: `markets/${symbol}/chain`, params: { expiry } }),
      onCacheEntryAdded: ({ symbol, expiry }, lifecycle) => follow(`chain.${symbol}.${expiry}`, lifecycle),
    }),
    quote: build.query<QuoteView, { name: string; action: "buy" | "sell"; amount: string; block: number }>({
      query: ({ name, action, amount }) => ({ url: `instruments/${name}/quote`, params: { action, amount } }),
      keepUnusedDataFor: 2,
    }),
    trades: build.query<Trades, { symbol: string }>({
      query: ({ symbol }) => ({ url: "trades", params: { market: symbol, limit: 40 } }),
      onCacheEntryAdded: ({ symbol }, lifecycle) => follow(`trades.${symbol}`, lifecycle),
    }),
    spotCandles: build.query<SpotCandles, { symbol: string; interval: string }>({
      query: ({ symbol, interval }) => ({ url: `spot/${symbol}/candles`, params: { interval, limit: 300 } }),
    }),
    settlements: build.query<Settlements, void>({ query: () => "settlements" }),
    vaults: build.query<Vaults, void>({
      query: () => "vaults",
      onCacheEntryAdded: (_, lifecycle) => follow("vaults", lifecycle),
    }),
    account: build.query<Account, string>({
      query: (address) => `accounts/${address.toLowerCase()}`,
      onCacheEntryAdded: (address, lifecycle) => follow(`account.${address.toLowerCase()}`, lifecycle),
    }),
    history: build.query<History, string>({ query: (address) => `accounts/${address.toLowerCase()}/history` }),
  }),
});

export const {
  useContractsQuery,
  useStatusQuery,
  useBlocksQuery,
  useMarketsQuery,
  useExpiriesQuery,
  useChainQuery,
  useQuoteQuery,
  useTradesQuery,
  useSpotCandlesQuery,
  useSettlementsQuery,
  useVaultsQuery,
  useAccountQuery,
  useHistoryQuery,
} = optionixApi;
