import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { toFunctionSelector, type Abi } from "viem";
import type { AbiError, AbiFunction } from "abitype";
import { formatAbiItem } from "viem/utils";
import { describe, expect, it } from "vitest";
import { clearinghouseAbi, vaultAbi } from "../../web/src/chain/abi";

const contractAbi = (name: string): Abi => {
  // Not by `new URL(…, import.meta.url)`: vite takes that for an asset of the page and rewrites it.
  const path = join(dirname(fileURLToPath(import.meta.url)), "../../deployments/abi", `${name}.json`);
  if (!existsSync(path)) throw new Error(`deployments/abi/${name}.json is missing: run make abi`);
  const content = JSON.parse(readFileSync(path, "utf8"));
  return Array.isArray(content) ? content : content.abi;
};

const functions = (abi: Abi) => abi.filter((item): item is AbiFunction => item.type === "function");
const errors = (abi: Abi) => abi.filter((item): item is AbiError => item.type === "error");

describe.each([
  ["OptionVault", vaultAbi],
  ["Clearinghouse", clearinghouseAbi],
])("the page's calls of %s", (name, used) => {
  it("are the contract's own", () => {
    const known = new Set(functions(contractAbi(name)).map((item) => toFunctionSelector(item)));
    for (const item of functions(used as Abi)) expect(known, item.name).toContain(toFunctionSelector(item));
  });
});

describe("the errors that the page explains", () => {
  it("are raised by one of the contracts", () => {
    const names = ["OptionVault", "Clearinghouse", "VolatilityOracle", "Markets", "OptionToken", "TestToken"];
    const known = new Set(names.flatMap((name) => errors(contractAbi(name)).map((item) => formatAbiItem(item))));
    for (const item of [...errors(vaultAbi as Abi), ...errors(clearinghouseAbi as Abi)]) {
      expect(known).toContain(formatAbiItem(item));
    }
  });
});
