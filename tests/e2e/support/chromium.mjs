// A headless Chromium for the browser tests: an installed one, or else the one inside @sparticuz/chromium.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const switches = [
  "--no-sandbox",
  "--disable-gpu",
  // WebGL by software: the surface in 3-D is drawn without a graphics card too.
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--force-color-profile=srgb",
];

/** The installed browser named by OPTIONIX_CHROMIUM or found on PATH, or null. */
export function installed(environment = process.env) {
  const named = environment.OPTIONIX_CHROMIUM;
  if (named) {
    if (!existsSync(named)) throw new Error(`OPTIONIX_CHROMIUM=${named} does not exist`);
    return named;
  }
  for (const folder of (environment.PATH ?? "").split(path.delimiter).filter(Boolean)) {
    const found = names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
    if (found) return found;
  }
  return null;
}

/** Unpacks the packaged browser once, aside and then by a rename, so that two tests at once cannot see half of it. */
async function packaged() {
  const { version } = JSON.parse(readFileSync(path.join(root, "node_modules/@sparticuz/chromium/package.json"), "utf8"));
  const folder = path.join(root, ".build", `chromium-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(path.dirname(folder), { recursive: true });
    const aside = mkdtempSync(`${folder}-`);
    const before = { ...process.env };
    try {
      // The package unpacks into the temporary folder, its NSS libraries only where it believes to be in a Lambda.
      Object.assign(process.env, { TMPDIR: aside, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" });
      await (await import("@sparticuz/chromium")).default.executablePath();
      // The package's own fonts.conf names a Lambda's folders.
      const fonts = ["/usr/share/fonts", path.join(folder, "fonts")].map((each) => `<dir>${each}</dir>`).join("");
      writeFileSync(
        path.join(aside, "fonts.conf"),
        `<?xml version="1.0"?><fontconfig>${fonts}<cachedir>${path.join(folder, "font-cache")}</cachedir></fontconfig>\n`,
      );
      renameSync(aside, folder);
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
  }
  return {
    executablePath: path.join(folder, "chromium"),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: [path.join(folder, "al2023", "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
      FONTCONFIG_FILE: path.join(folder, "fonts.conf"),
    },
  };
}

/** Starts a browser with a profile of its own. The caller closes it. */
export async function launchChromium(options = {}) {
  const own = installed();
  const program = own ? { executablePath: own } : await packaged();
  return chromium.launch({ ...program, headless: true, args: switches, timeout: 60_000, ...options });
}
