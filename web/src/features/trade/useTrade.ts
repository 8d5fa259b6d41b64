import { useCallback, useState } from "react";
import type { Address } from "viem";
import type { QuoteView } from "../../api/types";
import { clearinghouseAbi, FROM_WALLET, TRADE, vaultAbi } from "../../chain/abi";
import { explain } from "../../chain/refusals";
import { useTransactor, type Transactor } from "../../chain/useTransactor";
import { deadlineFrom } from "../../chain/deadline";
import { contractAddress, tokenOf } from "../../chain/places";
import { limitWithSlippage } from "./limits";

interface Order {
  quote: QuoteView;
  seriesId: string;
  amount: bigint;
  slippage: number;
}

/** Buys from the vault or sells back to it, with the permissions that this needs asked for first. */
export function useTrade() {
  const transactor = useTransactor();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const trade = useCallback(
    async (order: Order) => {
      setError(null);
      if (!transactor) {
        setError("Your wallet is on another network. Switch it to this one and try again.");
        return;
      }
      setBusy(true);
      try {
        await (order.quote.action === "buy" ? buy(transactor, order) : sell(transactor, order));
      } catch (failure) {
        setError(explain(failure));
      } finally {
        setBusy(false);
      }
    },
    [transactor],
  );
  return { trade, busy, error };
}

async function buy(transactor: Transactor, { quote, seriesId, amount, slippage }: Order) {
  const { allow, send, account, deployment } = transactor;
  const token = tokenOf(deployment, quote.asset);
  const limit = limitWithSlippage(quote.total, token.decimals, slippage, "buy");
  await allow(token.address, token.symbol, quote.vault as Address, limit);
  await send({
    title: `Buy ${quote.amount} ${quote.name}`,
    address: quote.vault as Address,
    abi: vaultAbi,
    functionName: "buy",
    args: [BigInt(seriesId), amount, limit, account, deadlineFrom(quote.block.timestamp, deployment), FROM_WALLET],
  });
}

async function sell(transactor: Transactor, { quote, seriesId, amount, slippage }: Order) {
  const { reader, send, account, deployment } = transactor;
  const clearinghouse = contractAddress(deployment, "Clearinghouse");
  const flags = await reader.readContract({
    address: clearinghouse,
    abi: clearinghouseAbi,
    functionName: "operatorFlags",
    args: [account, quote.vault as Address],
  });
  if ((flags & TRADE) === 0) {
    await send({
      title: "Let the vault take what you sell back",
      address: clearinghouse,
      abi: clearinghouseAbi,
      functionName: "setOperator",
      args: [quote.vault as Address, flags | TRADE],
    });
  }
  const token = tokenOf(deployment, quote.asset);
  const limit = limitWithSlippage(quote.total, token.decimals, slippage, "sell");
  await send({
    title: `Sell back ${quote.amount} ${quote.name}`,
    address: quote.vault as Address,
    abi: vaultAbi,
    functionName: "sell",
    args: [BigInt(seriesId), amount, limit, account, deadlineFrom(quote.block.timestamp, deployment), FROM_WALLET],
  });
}
