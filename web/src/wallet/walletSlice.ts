import { createAsyncThunk, createSlice, type PayloadAction } from "@reduxjs/toolkit";
import { getAddress } from "viem";
import { walletByRdns } from "./discovery";

export interface WalletState {
  rdns: string | null;
  address: `0x${string}` | null;
  chainId: number | null;
  status: "disconnected" | "connecting" | "connected";
  error: string | null;
}

const KEY = "optionix.wallet";
const initialState: WalletState = {
  rdns: null,
  address: null,
  chainId: null,
  status: "disconnected",
  error: null,
};

/** Asks a wallet for its account. `silent` only restores a permission that was given before. */
export const connectWallet = createAsyncThunk(
  "wallet/connect",
  async ({ rdns, silent = false }: { rdns: string; silent?: boolean }) => {
    const wallet = walletByRdns(rdns);
    if (!wallet) throw new Error("That wallet is not here any more. Reload the page to look for wallets again.");
    const { provider } = wallet;
    const accounts = await provider.request({ method: silent ? "eth_accounts" : "eth_requestAccounts" });
    const chainId = Number(await provider.request({ method: "eth_chainId" }));
    const first = accounts[0];
    if (!first) throw new Error("The wallet shared no account.");
    localStorage.setItem(KEY, rdns);
    return { address: getAddress(first), chainId };
  },
);

export const rememberedWallet = () => localStorage.getItem(KEY);

const slice = createSlice({
  name: "wallet",
  initialState,
  reducers: {
    walletDisconnected: () => {
      localStorage.removeItem(KEY);
      return initialState;
    },
    accountChanged: (state, action: PayloadAction<string | undefined>) =>
      action.payload ? { ...state, address: getAddress(action.payload) } : initialState,
    chainChanged: (state, action: PayloadAction<number>) => ({ ...state, chainId: action.payload }),
  },
  extraReducers: (builder) =>
    builder
      .addCase(connectWallet.pending, (state, { meta }) => {
        state.status = "connecting";
        state.rdns = meta.arg.rdns;
        state.error = null;
      })
      .addCase(connectWallet.fulfilled, (state, { payload }) => {
        Object.assign(state, payload, { status: "connected" });
      })
      .addCase(connectWallet.rejected, (_, { meta, error }) => ({
        ...initialState,
        error: meta.arg.silent ? null : (error.message ?? "The wallet refused."),
      })),
});

export const { walletDisconnected, accountChanged, chainChanged } = slice.actions;
export const walletReducer = slice.reducer;
