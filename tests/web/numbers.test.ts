import { describe, expect, it } from "vitest";
import { change, compact, fixed, money, NOTHING, percent, shortAddress } from "../../web/src/format/numbers";

describe("the one formatter", () => {
  it("never shows NaN, infinity or an empty cell", () => {
    for (const nothing of [null, undefined, "", "x", Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const shown of [fixed(nothing, 2), compact(nothing), percent(nothing), change(nothing), money(nothing, "USDC")]) {
        expect(shown).toBe(NOTHING);
      }
    }
  });

  it("groups thousands and keeps the asked places", () => {
    expect(fixed("1234567.891", 2)).toBe("1,234,567.89");
    expect(money("0.5", "WETH")).toBe("0.5000 WETH");
    expect(money("12", "USDC")).toBe("12.00 USDC");
  });

  it("shows small numbers with five significant digits and large ones without places", () => {
    expect(compact("0.00123456")).toBe("0.001235");
    expect(compact(1650)).toBe("1,650");
    expect(compact("0")).toBe("0");
  });

  it("signs changes", () => {
    expect(change(0.0123)).toBe("+1.23 %");
    expect(change(-0.5)).toBe("-50.00 %");
  });

  it("shortens addresses", () => {
    expect(shortAddress("0x1234567890abcdef1234567890abcdef12345678")).toBe("0x1234…5678");
  });
});
