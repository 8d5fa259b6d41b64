/** A live option chain: the nearest open expiry of ETH, from its first snapshot to every block after. */
import { createClient, StreamSocket, type Schemas } from "@optionix/client";

const here = location.origin;
const symbol = new URLSearchParams(location.search).get("market") ?? "ETH";
const { data, error } = await createClient(here).GET("/v1/markets/{symbol}/expiries", { params: { path: { symbol } } });
if (error) throw new Error(error.detail);
const open = data.expiries.find((expiry) => !expiry.settled && expiry.atm_volatility !== null);
if (!open) throw new Error(`${symbol} has no open expiry`);

const title = document.querySelector("#title") as HTMLElement;
const rows = document.querySelector("#rows") as HTMLElement;

const price = (option: Schemas["ChainOption"] | null, side: "bid" | "ask") => option?.[side] ?? "–";

new StreamSocket(`${here.replace("http", "ws")}/ws`).subscribe(`chain.${symbol}.${open.expiry}`, (message) => {
  const chain = message.data as Schemas["Chain"];
  title.textContent = `${symbol} ${chain.spot ?? "–"} · ${open.name} · block ${message.block.number}`;
  rows.replaceChildren(
    ...chain.rows.map(({ strike, call, put }) => {
      const row = document.createElement("tr");
      const cells = [price(call, "bid"), price(call, "ask"), strike, price(put, "bid"), price(put, "ask")];
      row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return row;
    }),
  );
});
