import { onchainTable, primaryKey } from "ponder";

/** Option tokens of an account: the table that is compared row by row. */
export const position = onchainTable(
    "position",
    (t) => ({ account: t.hex().notNull(), seriesId: t.bigint().notNull(), amount: t.bigint().notNull() }),
    (table) => ({ key: primaryKey({ columns: [table.account, table.seriesId] }) }),
);

/** The tape of trades. */
export const trade = onchainTable(
    "trade",
    (t) => ({
        blockNumber: t.bigint().notNull(),
        logIndex: t.integer().notNull(),
        timestamp: t.bigint().notNull(),
        venue: t.hex().notNull(),
        seriesId: t.bigint().notNull(),
        buyer: t.hex().notNull(),
        seller: t.hex().notNull(),
        amount: t.bigint().notNull(),
        premium: t.bigint().notNull(),
        fee: t.bigint().notNull(),
    }),
    (table) => ({ key: primaryKey({ columns: [table.blockNumber, table.logIndex] }) }),
);
