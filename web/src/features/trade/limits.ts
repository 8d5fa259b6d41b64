import { parseUnits } from "viem";

/** Exact integers for the contracts, from the decimal strings of the API. */

const SLIPPAGE_UNIT = 1_000_000n;
const AMOUNT_DECIMALS = 18;

/** Contracts as WAD; null unless it is a positive number of at most eight places. */
export function amountWad(typed: string): bigint | null {
  if (!/^\d+(\.\d{1,8})?$/.test(typed.trim())) return null;
  const wad = parseUnits(typed.trim(), AMOUNT_DECIMALS);
  return wad > 0n ? wad : null;
}

/** The most a buyer pays or the least a seller takes, rounded in favour of the trade going through. */
export function limitWithSlippage(total: string, decimals: number, slippage: number, action: "buy" | "sell"): bigint {
  const units = parseUnits(total, decimals);
  const part = BigInt(Math.round(slippage * Number(SLIPPAGE_UNIT)));
  return action === "buy"
    ? (units * (SLIPPAGE_UNIT + part) + SLIPPAGE_UNIT - 1n) / SLIPPAGE_UNIT
    : (units * (SLIPPAGE_UNIT - part)) / SLIPPAGE_UNIT;
}
