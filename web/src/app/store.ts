import { configureStore } from "@reduxjs/toolkit";
import { optionixApi } from "../api/optionixApi";
import { ticketReducer } from "../features/trade/ticketSlice";
import { themeReducer } from "../theme/themeSlice";
import { transactionsReducer } from "../chain/transactionsSlice";
import { walletReducer } from "../wallet/walletSlice";

export const store = configureStore({
  reducer: {
    [optionixApi.reducerPath]: optionixApi.reducer,
    theme: themeReducer,
    ticket: ticketReducer,
    transactions: transactionsReducer,
    wallet: walletReducer,
  },
  middleware: (defaults) => defaults().concat(optionixApi.middleware),
});

export type RootState = ReturnType<typeof store.getState>;
export type AppDispatch = typeof store.dispatch;
