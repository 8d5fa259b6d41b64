/** Payoff of one option at expiry, for drawing and for break-even; money that is paid is computed by the contracts. */

export interface Option {
  side: "CALL" | "PUT";
  strike: number;
}

/** Payoff per contract in the settlement asset: base for a call, quote for a put. */
export function payoff({ side, strike }: Option, spot: number): number {
  if (side === "CALL") return spot > strike ? (spot - strike) / spot : 0;
  return Math.max(strike - spot, 0);
}

/** The spot at which the payoff equals the premium per contract; null where no spot does. */
export function breakEven({ side, strike }: Option, premium: number): number | null {
  // A call pays (S - K) / S base: it equals p at S = K / (1 - p).
  if (side === "CALL") return premium < 1 ? strike / (1 - premium) : null;
  return premium < strike ? strike - premium : null;
}

/** Most that one contract can pay, in the settlement asset; a call's limit of 1 base is never reached. */
export const maxPayoff = ({ side, strike }: Option): number => (side === "CALL" ? 1 : strike);

/** Side and strike of a name such as `ETH-27NOV26-3000-C`; null when it is none. */
export function parseName(name: string): (Option & { symbol: string; expiry: string }) | null {
  const match = /^([A-Z0-9]+)-(\d{1,2}[A-Z]{3}\d{2})-(\d+(?:d\d+)?)-([CP])$/.exec(name);
  if (!match) return null;
  const [, symbol = "", expiry = "", strike = "", side] = match;
  return { symbol, expiry, strike: Number(strike.replace("d", ".")), side: side === "C" ? "CALL" : "PUT" };
}
