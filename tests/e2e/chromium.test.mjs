import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { installed, launchChromium } from "./support/chromium.mjs";

let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());

test("a page opens, runs scripts, shows text and has WebGL", async () => {
  const page = await browser.newPage();
  await page.setContent("<button onclick=\"this.textContent = 'bought'\">buy</button><canvas></canvas>");
  await page.getByRole("button", { name: "buy" }).click();
  assert.equal(await page.getByRole("button").textContent(), "bought");
  assert.ok((await page.getByRole("button").boundingBox()).width > 20, "text has a font");
  assert.ok(await page.evaluate(() => document.querySelector("canvas").getContext("webgl2") !== null), "WebGL 2");
  await page.close();
});

test("a browser that is named but absent is an error, not a silent other one", () => {
  assert.throws(() => installed({ OPTIONIX_CHROMIUM: "/nowhere/chromium" }), /OPTIONIX_CHROMIUM=\/nowhere\/chromium/);
});
