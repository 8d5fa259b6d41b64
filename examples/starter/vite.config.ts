import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const api = process.env.OPTIONIX_API_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Inside this tree the client is taken from its sources; elsewhere it is a package like any other.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  server: { proxy: { "/v1": api, "/ws": { target: api.replace("http", "ws"), ws: true } } },
});
