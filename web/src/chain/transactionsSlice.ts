import { createSlice, type PayloadAction } from "@reduxjs/toolkit";

export type Stage = "confirm" | "sent" | "included" | "indexed" | "failed";

/** One transaction from the wallet's prompt to the tables. */
export interface TrackedTransaction {
  id: string;
  title: string;
  stage: Stage;
  hash: `0x${string}` | null;
  block: number | null;
  detail: string | null;
}

const KEPT = 20;

const slice = createSlice({
  name: "transactions",
  initialState: [] as TrackedTransaction[],
  reducers: {
    transactionStarted: (state, { payload }: PayloadAction<{ id: string; title: string }>) =>
      [{ ...payload, stage: "confirm" as const, hash: null, block: null, detail: null }, ...state].slice(0, KEPT),
    transactionMoved: (
      state,
      { payload }: PayloadAction<{ id: string } & Partial<Omit<TrackedTransaction, "id">>>,
    ) => {
      const found = state.find((transaction) => transaction.id === payload.id);
      if (found) Object.assign(found, payload);
    },
    /** The tables stand at this block: what was included up to it can be seen. */
    blockIndexed: (state, { payload }: PayloadAction<number>) => {
      for (const transaction of state) {
        if (transaction.stage === "included" && transaction.block !== null && transaction.block <= payload) {
          transaction.stage = "indexed";
        }
      }
    },
    transactionDismissed: (state, { payload }: PayloadAction<string>) =>
      state.filter((transaction) => transaction.id !== payload),
  },
});

export const { transactionStarted, transactionMoved, blockIndexed, transactionDismissed } = slice.actions;
export const transactionsReducer = slice.reducer;
