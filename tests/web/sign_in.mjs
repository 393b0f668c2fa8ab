// People, against a server that asks who calls, at ALICE_URL: its user ALICE_USER and its administrator ALICE_ADMIN
// both have ALICE_PASSWORD, and whoever registers waits to be approved. Screenshots are left in ALICE_PICTURES.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import test, { after, before } from "node:test";
import { chromium } from "playwright-core";

const { ALICE_URL: url, ALICE_USER: user, ALICE_ADMIN: admin, ALICE_PASSWORD: password } = process.env;
const folder = process.env.ALICE_PICTURES;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser.close());

async function signedIn(name, where = "/") {
  const page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
  await page.goto(url + where);
  await page.fill("#signin-name", name);
  await page.fill("#signin-password", password);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}

async function assertAccessible(page, name) {
  await page.evaluate(axe);
  assert.deepEqual(await page.evaluate(async () => (await axe.run()).violations.map((one) =>
    `${one.id}: ${one.nodes[0].html.slice(0, 100)}`)), [], name);
  await page.screenshot({ path: path.join(folder, name + ".png") });
}

test("who has a password signs in, makes a picture and sees it, and is out after signing out", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.fill("#signin-name", user);
  await page.fill("#signin-password", "not that one");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fault");
  await assertAccessible(page, "sign-in");
  await page.fill("#signin-password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("button.main:not([disabled]) >> text=Generate");
  await page.click("button.main");
  const picture = page.locator(".job-pictures button img");
  await picture.waitFor();
  await picture.evaluate((image) => image.decode());
  assert.ok(await picture.evaluate((image) => image.naturalWidth) > 0);
  const kept = await page.evaluate(() => [document.cookie, JSON.stringify(localStorage).includes("alice_")]);
  assert.deepEqual(kept, ["", false]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForSelector("#signin-name");
  assert.equal((await page.request.get(url + "/v1/jobs")).status(), 401);
});

test("a user makes keys of their own, shown once, and does not see the administration", async () => {
  const page = await signedIn(user, "/#/account");
  await page.fill("#key-name", "<b>laptop</b>");
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.inputValue("#secret");
  assert.match(key, /^alice_[a-z2-7]{8}_/);
  const asked = await fetch(url + "/v1/jobs", { headers: { Authorization: "Bearer " + key } });
  assert.equal(asked.status, 200);
  await assertAccessible(page, "account");
  await page.getByRole("button", { name: "Revoke: <b>laptop</b>" }).click();
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("Revoke:"));
  await page.getByRole("button", { name: "Revoke: <b>laptop</b>" }).waitFor({ state: "detached" });
  assert.equal((await fetch(url + "/v1/jobs", { headers: { Authorization: "Bearer " + key } })).status, 401);
  assert.equal(await page.locator('nav a[href="#/admin"]').count(), 0);
  await page.goto(url + "/#/admin");
  await page.getByText("This is for administrators.").waitFor();
});

test("who registers waits for an administrator, and comes in once approved", async () => {
  const newcomer = await (await browser.newContext()).newPage();
  await newcomer.goto(url);
  await newcomer.getByText("Register").first().click();
  await newcomer.fill("#register-name", "Newcomer");
  await newcomer.fill("#register-password", password);
  await newcomer.locator("details button").click();
  await newcomer.getByText("an administrator must approve it").waitFor();
  const page = await signedIn(admin, "/#/admin");
  await page.getByRole("button", { name: "Approve: Newcomer" }).click();
  await page.getByRole("button", { name: "Disable: Newcomer" }).waitFor();
  await page.getByRole("button", { name: "Make an invite" }).click();
  assert.ok((await page.inputValue("#secret")).length > 10);
  await assertAccessible(page, "admin");
  await signedIn("Newcomer");
});
