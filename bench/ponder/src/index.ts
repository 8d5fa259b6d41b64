import { type Context, ponder } from "ponder:registry";
import { position, trade } from "ponder:schema";

const NOBODY = "0x0000000000000000000000000000000000000000";

async function move(db: Context["db"], from: `0x${string}`, to: `0x${string}`, seriesId: bigint, value: bigint) {
    for (const [account, change] of [[from, -value], [to, value]] as const) {
        if (account === NOBODY) continue;
        await db
            .insert(position)
            .values({ account, seriesId, amount: change })
            .onConflictDoUpdate((row) => ({ amount: row.amount + change }));
    }
}

ponder.on("OptionToken:TransferSingle", async ({ event, context }) => {
    const { from, to, id, value } = event.args;
    await move(context.db, from, to, id, value);
});

ponder.on("OptionToken:TransferBatch", async ({ event, context }) => {
    const { from, to, ids, values } = event.args;
    for (const [place, id] of ids.entries()) await move(context.db, from, to, id, values[place]!);
});

function place(event: { block: { number: bigint; timestamp: bigint }; log: { logIndex: number; address: `0x${string}` } }) {
    const { block, log } = event;
    return { blockNumber: block.number, logIndex: log.logIndex, timestamp: block.timestamp, venue: log.address };
}

ponder.on("OptionVault:Bought", async ({ event, context }) => {
    const { buyer, series, amount, premium, fee } = event.args;
    const seller = event.log.address;
    await context.db.insert(trade).values({ ...place(event), seriesId: series, buyer, seller, amount, premium, fee });
});

ponder.on("OptionVault:SoldBack", async ({ event, context }) => {
    const { seller, series, amount, premium } = event.args;
    const buyer = event.log.address;
    await context.db.insert(trade).values({ ...place(event), seriesId: series, buyer, seller, amount, premium, fee: 0n });
});

ponder.on("Exchange:Traded", async ({ event, context }) => {
    const { buyer, seller, series, amount, premium, fee } = event.args;
    await context.db.insert(trade).values({ ...place(event), seriesId: series, buyer, seller, amount, premium, fee });
});
