import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tree's root, so that tests and the page's sources both lie inside it.
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: { include: ["tests/web/**/*.test.{ts,tsx}"], environment: "jsdom", restoreMocks: true },
});
