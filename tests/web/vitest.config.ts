import { fileURLToPath } from "node:url";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tree's root, so that tests and the page's sources both lie inside it.
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: { conditions: ["source", ...defaultClientConditions] },
  ssr: { resolve: { conditions: ["source", ...defaultServerConditions] } },
  test: { include: ["tests/web/**/*.test.{ts,tsx}"], environment: "jsdom", restoreMocks: true },
});
