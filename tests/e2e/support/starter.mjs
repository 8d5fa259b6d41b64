// The starter of a frontend as its README runs it, in front of a market's API.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "examples", "starter");

/** Serves the starter; `address` is its page, `stop` ends it. */
export async function serveStarter(api) {
  process.env.OPTIONIX_API_URL = api;
  const server = await createServer({
    configFile: path.join(folder, "vite.config.ts"),
    logLevel: "error",
    server: { port: 0, host: "127.0.0.1" },
  });
  await server.listen();
  return { address: `http://127.0.0.1:${server.httpServer.address().port}/`, stop: () => server.close() };
}
