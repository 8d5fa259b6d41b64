import { describe, expect, it } from "vitest";
import { breakEven, maxPayoff, parseName, payoff } from "../../web/src/features/trade/payoff";

const call = { side: "CALL", strike: 1600 } as const;
const put = { side: "PUT", strike: 1600 } as const;

describe("payoff", () => {
  it("pays a call in base and a put in quote", () => {
    expect(payoff(call, 2000)).toBeCloseTo(0.2, 12);
    expect(payoff(put, 1500)).toBe(100);
    expect(payoff(call, 1600)).toBe(0);
    expect(payoff(put, 1700)).toBe(0);
  });

  it("breaks even where the payoff is the premium", () => {
    for (const premium of [0.01, 0.2, 0.9]) expect(payoff(call, breakEven(call, premium)!)).toBeCloseTo(premium, 12);
    for (const premium of [1, 150, 1500]) expect(payoff(put, breakEven(put, premium)!)).toBeCloseTo(premium, 9);
  });

  it("has no break-even where the premium is more than it can pay", () => {
    expect(breakEven(call, 1)).toBeNull();
    expect(breakEven(put, maxPayoff(put))).toBeNull();
  });
});

describe("names", () => {
  it("are read as the contracts pack them", () => {
    expect(parseName("ETH-27NOV26-3000-C")).toEqual({ symbol: "ETH", expiry: "27NOV26", strike: 3000, side: "CALL" });
    expect(parseName("BTC-3MAR23-0d625-P")).toMatchObject({ strike: 0.625, side: "PUT" });
  });

  it("are refused when they are none", () => {
    for (const wrong of ["ETH", "ETH-27NOV26-3000-X", "ETH-27NOV26--C", "eth-27NOV26-3000-C"]) expect(parseName(wrong)).toBeNull();
  });
});
