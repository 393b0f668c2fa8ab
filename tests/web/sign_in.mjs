// Signing in, against a server that asks for it, at ALICE_URL; its user is ALICE_USER with ALICE_PASSWORD.
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import { chromium } from "playwright-core";

const { ALICE_URL: url, ALICE_USER: user, ALICE_PASSWORD: password, ALICE_PICTURES: folder } = process.env;
let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser.close());

test("who has a password signs in, makes a picture and sees it, and is out after signing out", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.fill("#signin-name", user);
  await page.fill("#signin-password", "not that one");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fault");
  await page.screenshot({ path: path.join(folder, "sign-in.png") });
  await page.fill("#signin-password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("button.main:not([disabled]) >> text=Generate");
  await page.click("button.main");
  await page.waitForSelector(".job-pictures button img");
  const picture = page.locator(".job-pictures button img");
  await picture.evaluate((image) => image.decode());
  assert.ok(await picture.evaluate((image) => image.naturalWidth) > 0);
  assert.deepEqual(await page.evaluate(() => [document.cookie, JSON.stringify(localStorage).includes("alice_")]), ["", false]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForSelector("#signin-name");
  assert.equal((await page.request.get(url + "/v1/jobs")).status(), 401);
  await context.close();
});
