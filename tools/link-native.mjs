#!/usr/bin/env node
// Links forge, anvil and cast of this platform into node_modules/.native, which goes first on PATH.
//
// npm's wrappers in node_modules/.bin start the native program as a child: `forge` then exits 0 even when tests fail,
// and killing `anvil` kills the wrapper alone.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const modules = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "node_modules");
const systems = { linux: "linux", darwin: "darwin", win32: "win32" };
const processors = { x64: "amd64", arm64: "arm64" };
const platform = `${systems[process.platform]}-${processors[process.arch]}`;
const folder = path.join(modules, ".native");

mkdirSync(folder, { recursive: true });
for (const tool of ["forge", "anvil", "cast"]) {
  const program = path.join("@foundry-rs", `${tool}-${platform}`, "bin", process.platform === "win32" ? `${tool}.exe` : tool);
  if (!existsSync(path.join(modules, program))) {
    console.error(`optionix: no native ${tool} for ${process.platform} ${process.arch} in node_modules/@foundry-rs`);
    process.exit(1);
  }
  const link = path.join(folder, tool);
  rmSync(link, { force: true });
  // Relative, so that a copied or moved tree keeps working.
  symlinkSync(path.join("..", program), link);
}
