import { describe, expect, it } from "vitest";
import { amountWad, limitWithSlippage } from "../../web/src/features/trade/limits";

describe("amounts", () => {
  it("are exact WAD", () => {
    expect(amountWad("0.1")).toBe(10n ** 17n);
    expect(amountWad(" 12.00000001 ")).toBe(12_000_000_010_000_000_000n);
  });

  it("refuse what the contracts would refuse", () => {
    for (const wrong of ["", "0", "-1", "1e3", "0.000000001", "1,5", "abc", "."]) expect(amountWad(wrong)).toBeNull();
  });
});

describe("limits", () => {
  it("let a buyer pay up to the slippage more, rounded up", () => {
    expect(limitWithSlippage("100.000001", 6, 0.05, "buy")).toBe(105_000_002n);
  });

  it("let a seller take up to the slippage less, rounded down", () => {
    expect(limitWithSlippage("100.000001", 6, 0.05, "sell")).toBe(95_000_000n);
  });

  it("stay exact where a float would not", () => {
    expect(limitWithSlippage("9007199254740993.000000000000000001", 18, 0, "buy")).toBe(9007199254740993000000000000000001n);
  });
});
