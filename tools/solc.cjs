// The Solidity compiler of node_modules (the official wasm build) behind the command line that forge, py-solc-x, ape
// and slither expect of a native solc: `--version`, and `--standard-json` from standard input with `--base-path`,
// `--include-path` and `--allow-paths`. node_modules is found from where this file lies, not from the working folder.
const fs = require("node:fs");
const path = require("node:path");

const solc = require(path.join(__dirname, "..", "node_modules", "solc"));

function fail(message) {
  process.stderr.write(`solc: ${message}\n`);
  process.exit(1);
}

const options = { basePath: process.cwd(), includePaths: [], standardJson: false, version: false, input: null };
const words = process.argv.slice(2).flatMap((word) => (word.startsWith("--") && word.includes("=") ? splitOnce(word) : [word]));

function splitOnce(word) {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
}

function value(name) {
  if (words.length === 0) fail(`${name} needs a value`);
  return words.shift();
}

while (words.length > 0) {
  const word = words.shift();
  if (word === "--version") options.version = true;
  else if (word === "--standard-json") options.standardJson = true;
  else if (word === "--base-path") options.basePath = value(word) || process.cwd();
  else if (word === "--include-path") options.includePaths.push(value(word));
  // The sandbox of native solc: the callback below reads nothing outside base path, include paths and these.
  else if (word === "--allow-paths") options.includePaths.push(...value(word).split(",").filter(Boolean));
  else if (word === "-") options.input = null;
  else if (!word.startsWith("-")) options.input = word;
  else fail(`option ${word} is not supported here: only --version and --standard-json are`);
}

if (options.version) {
  process.stdout.write(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace(".Emscripten.clang", ".Linux.g++")}\n`,
  );
  process.exit(0);
}
if (!options.standardJson) fail("only --version and --standard-json are supported");

/** Reads an import that standard JSON did not carry, from the base path or an include path and nowhere else. */
function readImport(name) {
  const wanted = name.replace(/^file:\/\//, "");
  for (const root of [options.basePath, ...options.includePaths]) {
    const base = path.resolve(root);
    const file = path.resolve(base, wanted);
    if (file !== base && !file.startsWith(base + path.sep)) continue;
    if (fs.existsSync(file) && fs.statSync(file).isFile()) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `File not found: ${name}` };
}

const source = fs.readFileSync(options.input ?? 0, "utf8");
// A write to a pipe may be cut short by process.exit: let the process end by itself.
process.stdout.write(`${solc.compile(source, { import: readImport })}\n`);
