// A whole market of its own for a browser test: started by the command line, stopped whatever happens.
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const run = promisify(execFile);
const PORTS = [8000, 8010, 8545, 9100, 9101, 9102, 9103, 9104];
const FIRST_BASE = 31_000;
const LAST_BASE = 50_000;
const START_MS = 400_000;
const STOP_MS = 60_000;

const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** Drawn, not counted up: two runs that start together would find the same base free, and both take it. */
async function freeBase() {
  for (let attempt = 0; attempt < 64; attempt += 1) {
    const base = randomInt(FIRST_BASE, LAST_BASE);
    const free = await Promise.all(PORTS.map((port) => isFree(port + base)));
    if (free.every(Boolean)) return base;
  }
  throw new Error("no free ports on this machine");
}

async function optionix(folder, words, milliseconds) {
  const environment = { ...process.env, PYTHONPATH: root };
  for (const name of Object.keys(environment)) if (name.startsWith("OPTIONIX_")) delete environment[name];
  try {
    const { stdout } = await run(
      path.join(root, ".venv/bin/python"),
      ["-m", "optionix", "--data-dir", path.join(folder, "data"), ...words],
      { cwd: root, env: environment, timeout: milliseconds, maxBuffer: 1 << 24 },
    );
    return stdout;
  } catch (error) {
    const said = error.stderr || error.stdout || error.message;
    throw new Error(`optionix ${words.join(" ")}: ${said}`, { cause: error });
  }
}

/** Builds the page and starts a market; `stop` ends it and removes its folder. */
export async function startStack() {
  await run(path.join(root, "node_modules/.bin/vite"), ["build", "web", "--logLevel", "error"], { cwd: root });
  const folder = mkdtempSync(path.join(tmpdir(), "ox-e2e-"));
  chmodSync(folder, 0o755);
  const stop = async () => {
    try {
      await optionix(folder, ["down"], STOP_MS);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    await optionix(folder, ["up", "--detach", "--port-base", String(await freeBase())], START_MS);
    const { addresses } = JSON.parse(await optionix(folder, ["status", "--json"], STOP_MS).catch(statusOf));
    return { page: addresses.page, rpc: addresses.rpc, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** `status` exits 1 while a part is not at its best; its report is as good. */
function statusOf(error) {
  const report = error.message.slice(error.message.indexOf("{"));
  if (!report.startsWith("{")) throw error;
  return report;
}
