// The page on a living market: it moves, a wallet trades on it, deposits, leaves, and is paid at expiry.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { launchChromium } from "./support/chromium.mjs";
import { startStack } from "./support/stack.mjs";
import { serveStarter } from "./support/starter.mjs";
import { installWallet, rpc } from "./support/wallet.mjs";

const SHOTS = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "artifacts", "screenshots");
const ACCOUNT_INDEX = 5;
const STEP_MS = 60_000;
const EXPIRY_MS = 240_000;

describe("the page on a living market", { timeout: 900_000 }, () => {
  let stack, browser, page, wallet;
  const faults = [];

  before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    stack = await startStack();
    browser = await launchChromium();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "dark", locale: "en-US" });
    const accounts = await rpc(stack.rpc, "eth_accounts");
    wallet = await installWallet(context, stack.rpc, accounts[ACCOUNT_INDEX]);
    page = await context.newPage();
    page.setDefaultTimeout(STEP_MS);
    page.on("pageerror", (error) => faults.push(error.message));
  });

  after(async () => {
    if (page) await page.screenshot({ path: path.join(SHOTS, "last.png") }).catch(() => undefined);
    await browser?.close();
    await stack?.stop();
  });

  /** The newest transaction's card reaches its last stage. */
  const done = (title) =>
    page
      .locator(`[aria-label="Transactions"] li[data-stage="indexed"]`)
      .filter({ hasText: title })
      .first()
      .waitFor({ timeout: STEP_MS });

  const shoot = (name) => page.screenshot({ path: path.join(SHOTS, `${name}.png`) });

  it("shows the chain, and the chain moves", async () => {
    await page.goto(`${stack.page}/trade/ETH`);
    const chain = page.getByTestId("chain");
    await chain.waitFor();
    assert.ok((await chain.locator("tbody tr").count()) >= 8, "a chain has rows");
    const block = Number(await chain.getAttribute("data-block"));
    const spot = await page.getByTestId("spot").textContent();
    await page.waitForFunction(
      ([oldBlock, oldSpot]) => {
        const now = document.querySelector('[data-testid="chain"]');
        const price = document.querySelector('[data-testid="spot"]')?.textContent;
        return now && Number(now.dataset.block) > oldBlock && price !== oldSpot;
      },
      [block, spot],
    );
  });

  it("has a chain in a starter of thirty lines too, and it moves", async () => {
    const starter = await serveStarter(stack.page);
    const other = await browser.newPage({ viewport: { width: 900, height: 700 }, colorScheme: "light" });
    try {
      await other.goto(starter.address);
      const title = other.locator("#title", { hasText: /^ETH [\d.]+ · \d+[A-Z]+\d+ · block \d+$/ });
      await title.waitFor({ timeout: STEP_MS });
      assert.ok((await other.locator("#rows tr").count()) >= 8, "a chain has rows");
      assert.match(await other.locator("#rows").innerText(), /0\.\d{3,}/);
      const first = await title.textContent();
      await other.waitForFunction((old) => document.querySelector("#title")?.textContent !== old, first, { timeout: STEP_MS });
      await other.screenshot({ path: path.join(SHOTS, "starter.png") });
    } finally {
      await other.close();
      await starter.stop();
    }
  });

  it("connects a wallet that announced itself", async () => {
    await page.getByRole("button", { name: "Connect wallet" }).click();
    await page.getByRole("button", { name: "Test Wallet" }).click();
    await page.getByRole("button", { name: /^0x/ }).waitFor();
  });

  it("keeps a declined purchase from being sent", async () => {
    const expiry = page.locator('nav[aria-label="Expiries"] a').nth(1);
    const name = (await expiry.locator("span").first().textContent()).trim();
    await expiry.click();
    // In the money, well inside the band of deltas: its price moves no faster than the market, and it can be sold back.
    await page.locator(`button[aria-label^="Buy ETH-${name}-"][aria-label$="-C"]:not([disabled])`).nth(2).click();
    await page.getByTestId("total").waitFor();
    wallet.rejects = 1;
    await page.getByRole("button", { name: "Buy", exact: true }).last().click();
    await page.getByRole("alert").filter({ hasText: "You declined it" }).waitFor();
  });

  it("buys, and the position appears", async () => {
    await page.getByRole("button", { name: "Buy", exact: true }).last().click();
    await done(/^Buy 1 ETH-/);
    await shoot("trade-dark");
    await page.getByRole("link", { name: "Portfolio" }).click();
    const row = page.locator('[aria-label="Positions"] tbody tr').first();
    await row.waitFor();
    assert.match(await row.textContent(), /ETH-\d+MAR23-\d+-C1/);
    await shoot("portfolio-dark");
  });

  it("sells a part back", async () => {
    await page.getByRole("button", { name: "Sell back" }).click();
    await page.getByLabel("Contracts").fill("0.4");
    await page.getByTestId("total").waitFor();
    await page.locator('[aria-label="Ticket"]').getByRole("button", { name: "Sell back" }).last().click();
    await done(/^Sell back 0\.4 ETH-/);
    await page.getByRole("link", { name: "Portfolio" }).click();
    await page.locator('[aria-label="Positions"] tbody tr').filter({ hasText: "0.6" }).waitFor();
  });

  it("deposits to a vault, claims the shares and asks to leave", async () => {
    await page.getByRole("link", { name: "Earn" }).click();
    const vault = page.locator('section[aria-label="Optionix ETH Call Vault"]');
    await vault.getByLabel("Amount in ETH").fill("5");
    await vault.getByRole("button", { name: "Request deposit" }).click();
    await done(/^Request to deposit 5/);
    await vault.getByRole("button", { name: "Claim shares" }).click({ timeout: EXPIRY_MS });
    await done(/^Claim shares/);
    await vault.getByText(/You hold [1-9]/).waitFor();
    await shoot("earn-dark");
    await vault.getByRole("button", { name: "Redeem", exact: true }).click();
    await vault.getByLabel("Shares").fill("2");
    await vault.getByRole("button", { name: "Request redemption" }).click();
    await done(/^Request to redeem 2/);
    await vault.getByRole("button", { name: "Claim ETH" }).waitFor({ timeout: EXPIRY_MS });
  });

  it("looks right in light and on a phone", async () => {
    await page.getByRole("button", { name: "Switch to the light theme" }).click();
    for (const [name, label] of [["dashboard", "Markets"], ["trade", "Trade"], ["portfolio", "Portfolio"], ["earn", "Earn"]]) {
      await page.getByRole("link", { name: label, exact: true }).first().click();
      await page.waitForLoadState("networkidle").catch(() => undefined);
      await shoot(`${name}-light`);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    for (const [name, label] of [["trade", "Trade"], ["earn", "Earn"], ["portfolio", "Portfolio"], ["dashboard", "Markets"]]) {
      await page.getByRole("link", { name: label, exact: true }).first().click();
      await page.locator("main section").first().waitFor();
      // A chart follows its place a frame later.
      await page
        .waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 5_000 })
        .catch(() => assert.fail(`${name} scrolls sideways on a phone`));
      await shoot(`${name}-phone`);
    }
  });

  it("shows no number that is none and raised no error", async () => {
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
    assert.deepEqual(faults, []);
  });
});
