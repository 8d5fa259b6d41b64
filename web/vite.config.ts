import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const api = process.env.OPTIONIX_API_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  root,
  plugins: [react()],
  // The API's client is built from its sources with the page.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", sourcemap: false },
  server: {
    proxy: { "/v1": api, "/ws": { target: api.replace("http", "ws"), ws: true } },
  },
});
