// @vitest-environment node
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "@optionix/client";

const folder = fileURLToPath(new URL("../../clients/typescript/", import.meta.url));
// Inside the package, so that what is built there finds its dependencies.
const built = mkdtempSync(join(folder, "dist-"));

afterAll(() => rmSync(built, { recursive: true }));

describe("the generated client", () => {
  it("is generated from the document at hand", () => {
    const generated = join(built, "schema.ts");
    execFileSync("npm", ["run", "--silent", "generate:to", "--", generated], { cwd: folder, stdio: "pipe" });
    expect(readFileSync(join(folder, "src/schema.ts"), "utf8"), "run `make client`").toBe(
      readFileSync(generated, "utf8"),
    );
  }, 60_000);

  it("builds to a module that runs without a bundler", () => {
    const tsc = join(folder, "node_modules/.bin/tsc");
    execFileSync(tsc, ["-p", folder, "--outDir", built], { stdio: "pipe" });
    const script = `const m = await import(${JSON.stringify(join(built, "index.js"))}); console.log(Object.keys(m))`;
    const names = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(names).toContain("createClient");
    expect(names).toContain("StreamSocket");
    expect(readFileSync(join(built, "index.d.ts"), "utf8")).toContain("OptionixClient");
  }, 60_000);
});

describe("a call", () => {
  let server: Server;
  let seen: { url: string | undefined; authorization: string | undefined };

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen = { url: request.url, authorization: request.headers.authorization };
      const found = request.url?.startsWith("/v1/markets/ETH/chain");
      response.writeHead(found ? 200 : 404, { "content-type": found ? "application/json" : "application/problem+json" });
      response.end(JSON.stringify(found ? { expiry: 1 } : { code: "not_found", status: 404 }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  });
  afterAll(() => server.close());

  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it("writes the path, the query and the token", async () => {
    const client = createClient(address(), { token: "abc" });
    const { data } = await client.GET("/v1/markets/{symbol}/chain", {
      params: { path: { symbol: "ETH" }, query: { expiry: 1 } },
    });
    expect(data?.expiry).toBe(1);
    expect(seen).toEqual({ url: "/v1/markets/ETH/chain?expiry=1", authorization: "Bearer abc" });
  });

  it("gives a refusal as an error, not as an exception", async () => {
    const { data, error, response } = await createClient(address()).GET("/v1/vaults");
    expect(data).toBeUndefined();
    expect(error).toMatchObject({ code: "not_found" });
    expect(response.status).toBe(404);
  });
});
