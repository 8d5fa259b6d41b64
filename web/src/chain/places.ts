import { getAddress, type Address } from "viem";
import type { Deployment } from "../api/types";

/** The address of a core contract. */
export function contractAddress(deployment: Deployment, name: string): Address {
  const place = deployment.contracts[name];
  if (!place) throw new Error(`The deployment names no ${name}.`);
  return getAddress(place.address);
}

/** A token by its symbol on screen: ETH names WETH. */
export function tokenOf(deployment: Deployment, symbol: string): { symbol: string; address: Address; decimals: number } {
  const token = deployment.tokens.find((entry) => entry.symbol === symbol || entry.symbol === `W${symbol}`);
  if (!token) throw new Error(`The deployment names no token ${symbol}.`);
  return { ...token, address: getAddress(token.address) };
}
