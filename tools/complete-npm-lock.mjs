#!/usr/bin/env node
// Completes package-lock.json with the optional packages of other platforms.
//
// A registry mirror may lack a platform's package; npm then leaves it out of the lock, and `npm ci` refuses such a
// lock everywhere. Each missing exactly pinned optional dependency is entered with its platform, read off its name, so
// that npm passes over it here and fetches it where it belongs. Entries carry no integrity: only their own platform
// downloads them. Also drops `resolved` addresses, so that the lock names no registry at all.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = ["darwin", "linux", "win32", "android", "freebsd", "openharmony"];
const processors = { amd64: "x64", x64: "x64", arm64: "arm64" };

for (const [path, entry] of Object.entries(lock.packages)) {
  // Of a workspace, which is a link into this tree, it is the place.
  if (!entry.link) delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[hoisted]) continue;
    const words = name.split(/[/-]/);
    const os = systems.find((system) => words.includes(system));
    const cpu = Object.keys(processors).find((word) => words.includes(word));
    if (!os || !cpu || !/^\d+\.\d+\.\d+$/.test(version)) {
      throw new Error(`${name}@${version} of ${path} is missing from the lock and cannot be entered from its name`);
    }
    lock.packages[hoisted] = { version, cpu: [processors[cpu]], optional: true, os: [os], ...(entry.dev && { dev: true }) };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
