import { nanoid } from "@reduxjs/toolkit";
import { useCallback, useMemo } from "react";
import {
  createPublicClient,
  createWalletClient,
  custom,
  defineChain,
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
} from "viem";
import { useContractsQuery } from "../api/optionixApi";
import type { Deployment } from "../api/types";
import { useAppDispatch, useAppSelector } from "../app/hooks";
import { walletByRdns } from "../wallet/discovery";
import { erc20Abi } from "./abi";
import { explain } from "./refusals";
import { transactionMoved, transactionStarted } from "./transactionsSlice";

const RECEIPT_TIMEOUT_MS = 120_000;
const POLL_MS = 250;

interface Call<abi extends Abi, name extends ContractFunctionName<abi, "nonpayable">> {
  title: string;
  address: Address;
  abi: abi;
  functionName: name;
  args: ContractFunctionArgs<abi, "nonpayable", name>;
}

/** Simulates, sends and follows transactions of the connected wallet; null without one or on another chain. */
export function useTransactor() {
  const dispatch = useAppDispatch();
  const { rdns, address, chainId, status } = useAppSelector((state) => state.wallet);
  const { data: deployment } = useContractsQuery();
  const clients = useMemo(
    () =>
      status === "connected" && rdns && address && deployment && deployment.chain_id === chainId
        ? connect(rdns, address, deployment)
        : null,
    [status, rdns, address, chainId, deployment],
  );

  const send = useCallback(
    async <const abi extends Abi, name extends ContractFunctionName<abi, "nonpayable">>(call: Call<abi, name>) => {
      if (!clients) throw new Error("Connect a wallet on this network first.");
      const id = nanoid();
      dispatch(transactionStarted({ id, title: call.title }));
      try {
        const { request } = await clients.reader.simulateContract({
          address: call.address,
          abi: call.abi as Abi,
          functionName: call.functionName as string,
          args: call.args as readonly unknown[],
          account: clients.account,
        });
        const hash = await clients.writer.writeContract(request);
        dispatch(transactionMoved({ id, hash, stage: "sent" }));
        const receipt = await clients.reader.waitForTransactionReceipt({
          hash,
          timeout: RECEIPT_TIMEOUT_MS,
          pollingInterval: POLL_MS,
        });
        if (receipt.status === "reverted") throw new Error("The transaction was included but reverted: nothing changed.");
        dispatch(transactionMoved({ id, stage: "included", block: Number(receipt.blockNumber) }));
        return receipt;
      } catch (error) {
        dispatch(transactionMoved({ id, stage: "failed", detail: explain(error) }));
        throw error;
      }
    },
    [clients, dispatch],
  );

  /** Approves exactly `amount` when the present allowance is smaller. */
  const allow = useCallback(
    async (token: Address, symbol: string, spender: Address, amount: bigint) => {
      if (!clients) throw new Error("Connect a wallet on this network first.");
      const allowance = await clients.reader.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "allowance",
        args: [clients.account, spender],
      });
      if (allowance >= amount) return;
      await send({
        title: `Allow ${symbol}`,
        address: token,
        abi: erc20Abi,
        functionName: "approve",
        args: [spender, amount],
      });
    },
    [clients, send],
  );

  return useMemo(
    () => (clients && deployment ? { send, allow, reader: clients.reader, account: clients.account, deployment } : null),
    [clients, deployment, send, allow],
  );
}

export type Transactor = NonNullable<ReturnType<typeof useTransactor>>;

function connect(rdns: string, account: Address, deployment: Deployment) {
  const wallet = walletByRdns(rdns);
  if (!wallet) return null;
  const chain = defineChain({
    id: deployment.chain_id,
    name: deployment.network,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  const transport = custom(wallet.provider);
  return {
    account,
    reader: createPublicClient({ chain, transport, pollingInterval: POLL_MS }),
    writer: createWalletClient({ account, chain, transport }),
  };
}
