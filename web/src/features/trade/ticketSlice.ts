import { createSlice, type PayloadAction } from "@reduxjs/toolkit";

export type Action = "buy" | "sell";

/** What the ticket is about to do. Amount is kept as typed: a decimal string. */
export interface TicketState {
  name: string | null;
  seriesId: string | null;
  action: Action;
  amount: string;
  slippage: number;
}

const initialState: TicketState = { name: null, seriesId: null, action: "buy", amount: "1", slippage: 0.05 };

const slice = createSlice({
  name: "ticket",
  initialState,
  reducers: {
    optionPicked: (state, { payload }: PayloadAction<{ name: string; seriesId: string; action: Action }>) => {
      Object.assign(state, payload);
    },
    actionChosen: (state, { payload }: PayloadAction<Action>) => {
      state.action = payload;
    },
    amountTyped: (state, { payload }: PayloadAction<string>) => {
      state.amount = payload;
    },
  },
});

export const { optionPicked, actionChosen, amountTyped } = slice.actions;
export const ticketReducer = slice.reducer;
