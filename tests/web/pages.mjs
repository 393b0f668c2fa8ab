// The web interface in a real Chromium, against the server at ALICE_URL, whose model is sd/emoji. Screenshots are left
// in ALICE_PICTURES. ALICE_STRANGE is the same server by a name that is no secure context.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import test, { after, before } from "node:test";
import { chromium } from "playwright-core";

const url = process.env.ALICE_URL, strange = process.env.ALICE_STRANGE, folder = process.env.ALICE_PICTURES;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = ["generate", "queue", "gallery", "models", "api"];
const PATIENCE = 60_000;
const SLOW = { model: "sd/emoji", prompt: "a slow snail", steps: 900, preview_every: 5 };
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", `--host-resolver-rules=MAP ${new URL(strange).hostname} 127.0.0.1`] });
});
after(() => browser.close());

/** A page whose errors, breaches of its policy and requests to other hosts are noted; none may be there at the end. */
async function opened(where = "/", options = {}, base = url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US",
    reducedMotion: "reduce", ...options });  // or colours are looked at on their way
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [], requests = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  page.on("dialog", (dialog) => faults.push("a dialog: " + dialog.message()));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
    console.error("policy: " + event.violatedDirective + " " + event.blockedURI)));
  await page.goto(base + where);
  await page.waitForSelector("main h1");
  return { page, context, faults, requests };
}

async function closed({ context, faults, requests }, base = url) {
  assert.deepEqual(faults, []);
  for (const one of requests) assert.ok(one.startsWith(base) || one.startsWith("blob:"), one);
  await context.close();
}

/** A wire to the server that can be cut and mended: browsers do not end streams that are open when they go offline. */
class Wire {
  sockets = new Set();
  server = net.createServer((near) => {
    const far = net.connect(new URL(url).port, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]]) {
      this.sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => (this.sockets.delete(one), other.destroy())).pipe(other);
    }
  });
  mend = (port = 0) => new Promise((done) => this.server.listen(port, "127.0.0.1", () => {
    this.port = this.server.address().port;
    done(`http://127.0.0.1:${this.port}`);
  }));
  cut() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

const jobs = async () => (await (await fetch(url + "/v1/jobs?limit=20")).json()).data;
const submit = async (request) => (await (await fetch(url + "/v1/jobs", { method: "POST",
  headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) })).json()).id;
const cancel = (id) => fetch(`${url}/v1/jobs/${id}`, { method: "DELETE" });
const jobView = (page, prompt) => page.locator("article.job", { hasText: prompt });

test("a first visit needs one key to its picture, and asks for little", async () => {
  const visit = await opened();
  const { page } = visit;
  await page.waitForFunction(() => document.activeElement.matches("button.main"));
  assert.equal(await page.inputValue("#field-prompt"), "a rocket on a blue background");
  assert.equal(await page.inputValue("#field-model"), "sd/emoji");
  const files = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter((one) => one.name.includes("/web/")).reduce((sum, one) => sum + one.decodedBodySize, 0));
  assert.ok(files < 120_000, `${files} bytes of our own files`);
  assert.ok(visit.requests.length < 40, `${visit.requests.length} requests`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".job-pictures button img");
  assert.match(await page.getAttribute(".job-pictures button img", "alt"), /^a rocket on a blue background, seed \d+$/);
  await page.screenshot({ path: path.join(folder, "generate.png") });
  await closed(visit);
});

for (const colorScheme of ["light", "dark"])
  test(`every page is reached, and axe finds no fault in it, in ${colorScheme} colours`, async () => {
    const visit = await opened("/", { colorScheme });
    const { page } = visit;
    for (const name of PAGES) {
      await page.click(`nav a[href="#/${name}"]`);
      await page.waitForSelector(`nav a[href="#/${name}"][aria-current]`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
      await page.evaluate(axe);
      const found = await page.evaluate(async () => (await axe.run()).violations.map((one) =>
        `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 100)).join("; ")}`));
      assert.deepEqual(found, [], name);
      await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
    }
    await page.click('nav a[href="#/gallery"]');
    await page.click(".gallery-page button");
    await page.evaluate(axe);
    assert.deepEqual(await page.evaluate(async () => (await axe.run()).violations.map((one) => one.id)), []);
    await page.screenshot({ path: path.join(folder, `viewer-${colorScheme}.png`) });
    await closed(visit);
  });

test("a reload and a second browser see the same job at the same step, and may cancel it", async () => {
  const job = await submit(SLOW), wire = new Wire(), base = await wire.mend();
  const first = await opened("/#/queue", {}, base);
  const second = await opened("/#/queue", { viewport: { width: 360, height: 740 } });
  const step = async ({ page }) =>
    Number((await jobView(page, SLOW.prompt).innerText()).match(/step (\d+) of 900/)?.[1]);
  const runs = (page) => page.waitForFunction(() => /step \d+ of 900/.test(document.querySelector("main").innerText));
  await Promise.all([runs(first.page), runs(second.page)]);
  await first.page.reload();
  await runs(first.page);
  await first.page.waitForSelector("img.preview");
  const [one, other] = await Promise.all([step(first), step(second)]);
  assert.ok(Math.abs(one - other) < 200, `${one} and ${other}`);
  wire.cut();
  await first.page.waitForSelector(".banner");
  await wire.mend(wire.port);
  await first.page.waitForSelector(".banner", { state: "detached" });
  await runs(first.page);
  first.faults.length = 0;  // that there was no connection is told in the console, too
  await jobView(second.page, SLOW.prompt).getByRole("button", { name: "Cancel" }).click();
  await first.page.waitForFunction(() => !document.querySelector("article.job progress"));
  assert.equal((await jobs()).find((one) => one.id === job).status, "cancelled");
  await closed(first, base), await closed(second);
  wire.cut();
});

test("tabs of one browser share a stream, and another takes it over when its holder is closed", async () => {
  const first = await opened("/#/queue");
  const page = await first.context.newPage();
  const ofSecond = [];
  page.on("request", (request) => request.url().endsWith("/v1/events") && ofSecond.push(request));
  const held = () => first.requests.filter((one) => one.endsWith("/v1/events")).length;
  while (held() === 0) await first.page.waitForTimeout(50);
  await page.goto(url + "/#/queue");
  const job = await submit(SLOW);
  for (const one of [first.page, page])
    await one.waitForFunction(() => /step \d+ of 900/.test(document.querySelector("main").innerText));
  assert.deepEqual([held(), ofSecond.length], [1, 0]);
  await first.page.close();
  await page.waitForRequest((request) => request.url().endsWith("/v1/events"), { timeout: 10_000 });
  await cancel(job);
  await page.waitForFunction(() => !document.querySelector("article.job progress"));
  await first.context.close();
});

test("what people write is text and never runs", async () => {
  const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>{{7*7}}\u202e`;
  const job = await submit({ model: "sd/emoji", prompt: evil, negative_prompt: evil, label: "<b>label</b>", steps: 1 });
  const visit = await opened();
  await jobView(visit.page, "<img src=x").waitFor();
  await visit.page.click('nav a[href="#/gallery"]');
  await visit.page.fill("#gallery-search", "alert(1)");
  await visit.page.click(".gallery-page button");
  assert.ok((await visit.page.locator("dialog .prompt").first().innerText()).includes(evil.slice(0, 40)));
  assert.equal(await visit.page.locator("dialog img[src=x], dialog script, main script").count(), 0);
  await cancel(job);
  await closed(visit);
});

test("options of a sampler, and fields, that did not exist when the page was written are in its form", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const amended = (address, change) => page.route(address, async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    change(json);
    await route.fulfill({ response: answer, json });
  });
  const option = { name: "boldness", type: "number", minimum: 0.25, maximum: 4, default: 1.5, help: "how bold it is" };
  await amended("**/v1/plugins", (json) => json.kinds.scheduler.push(
    { id: "from_tomorrow", help: "it comes tomorrow", aliases: [], options: [option] }));
  await amended("**/openapi.json", (json) => {
    const field = { type: "integer", minimum: 3, maximum: 9, default: 4, description: "a field of tomorrow" };
    json.paths["/v1/jobs"].post.requestBody.content["application/json"].schema.properties.made_up_field = field;
  });
  await page.goto(url);
  await page.selectOption("#field-scheduler", "from_tomorrow");
  await page.getByText("Options of from_tomorrow").click();
  const bold = page.locator("#option-boldness");
  assert.deepEqual(await Promise.all(["min", "max", "placeholder"].map((name) => bold.getAttribute(name))),
                   ["0.25", "4", "as the model: 1.5"]);
  assert.match(await page.innerText("#option-boldness-help"), /^how bold it is \(0.25 - 4\)$/);
  await page.getByText("Further settings").click();
  assert.equal(await page.getAttribute("#field-made_up_field", "max"), "9");
  let sent = null;
  await page.route("**/v1/jobs", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    sent = route.request().postDataJSON();
    return route.fulfill({ status: 400, json: { error: { message: "made_up_field: is refused by the test" } } });
  });
  await bold.fill("2.5");
  await page.fill("#field-made_up_field", "7");
  await page.click("button.main");
  await page.getByText("is refused by the test").waitFor();
  assert.deepEqual([sent.scheduler, sent.scheduler_options, sent.made_up_field],
                   ["from_tomorrow", { boldness: 2.5 }, 7]);
  await context.close();
});

test("the keyboard alone weighs words, asks, and comes back to earlier prompts", async () => {
  const visit = await opened();
  const { page } = visit;
  await page.focus("#field-prompt");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("a red apple");
  await page.keyboard.press("Control+ArrowUp");
  await page.keyboard.press("Control+ArrowUp");
  assert.equal(await page.inputValue("#field-prompt"), "a red (apple:1.2)");
  await page.keyboard.press("Control+ArrowDown");
  await page.keyboard.press("Control+ArrowDown");
  assert.equal(await page.inputValue("#field-prompt"), "a red apple");
  await page.keyboard.press("Control+Enter");
  await jobView(page, "a red apple").locator("button img").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "field-prompt");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("something else");
  await page.keyboard.press("Alt+ArrowUp");
  assert.equal(await page.inputValue("#field-prompt"), "a red apple");
  await closed(visit);
});

test("a picture's settings are looked at, and taken over only when asked", async () => {
  const visit = await opened("/#/gallery");
  const { page } = visit;
  await submit({ model: "sd/emoji", prompt: "panda", steps: 3, seed: 11, guidance_scale: 2 });
  await page.fill("#gallery-search", "panda");
  await page.click(".gallery-page button");
  assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("alice.form") ?? "{}").seed ?? null), null);
  await page.getByRole("button", { name: "Keep" }).click();
  await page.waitForSelector('dialog button[aria-pressed="true"]');
  await page.keyboard.press("a");
  await page.waitForSelector('nav a[href="#/generate"][aria-current]');
  assert.deepEqual(await Promise.all(["prompt", "seed", "steps", "guidance_scale"].map((name) =>
    page.inputValue(`#field-${name}`))), ["panda", "11", "3", "2"]);
  await page.getByRole("button", { name: "Undo" }).click();
  assert.notEqual(await page.inputValue("#field-prompt"), "panda");
  await closed(visit);
});

test("thousands of pictures keep the page small", async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const made = (await jobs()).find((job) => job.images.length > 0);
  const id = (number) => (0x100000 - number).toString(16).padStart(32, "0");
  await page.route("**/v1/jobs?*", (route) => {
    const before = new URL(route.request().url()).searchParams.get("before");
    const first = before ? 0x100000 - parseInt(before, 16) + 1 : 0;
    const data = Array.from({ length: Math.min(60, 2000 - first) }, (_, at) => ({ ...made, id: id(first + at), images:
      made.images.slice(0, 1).map((image) => ({ ...image, file: `${first + at}.png` })) }));
    return route.fulfill({ json: { object: "list", data, has_more: first + 60 < 2000 } });
  });
  await page.goto(url + "/#/gallery");
  await page.waitForSelector(".gallery-page img");
  let most = 0, pages = 0;
  for (let turn = 0; turn < 400 && pages < Math.ceil(2000 / 60); ++turn) {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForTimeout(30);
    pages = await page.locator(".gallery-page").count();
    most = Math.max(most, await page.locator(".gallery-page img").count());
  }
  assert.equal(pages, Math.ceil(2000 / 60));
  assert.ok(most <= 600, `${most} pictures were elements at once`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction(() => document.querySelector(".gallery-page img") !== null);
  await context.close();
});

test("other languages, and one that is read from the right", async () => {
  const german = await opened("/", { locale: "de-DE" });
  assert.equal(await german.page.innerText("button.main"), "Erzeugen");
  assert.equal(await german.page.getAttribute("html", "lang"), "de");
  await german.page.selectOption("footer select", "qps-rtl");
  await german.page.waitForSelector('html[dir="rtl"] button.main');
  assert.equal(await german.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await german.page.screenshot({ path: path.join(folder, "right-to-left.png") });
  await closed(german);
});

test("phones see prompt, button and picture together, and nothing sideways", async () => {
  const visit = await opened("/", { viewport: { width: 360, height: 740 } });
  const { page } = visit;
  await page.waitForSelector(".job-pictures button img");
  for (const one of ["#field-prompt", "button.main", ".job-pictures button img"]) {
    const box = await page.locator(one).first().boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 740, `${one} ends at ${box.y + box.height}`);
  }
  for (const name of PAGES) {
    await page.goto(`${url}/#/${name}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
  }
  await page.goto(`${url}/#/generate`);
  await page.screenshot({ path: path.join(folder, "phone.png") });
  await closed(visit);
});

test("all of it works where a page is in no secure context", async () => {
  const visit = await opened("/", {}, strange);
  assert.equal(await visit.page.evaluate(() => isSecureContext), false);
  await visit.page.click("button.main");
  await visit.page.waitForSelector(".job-pictures button img");
  await closed(visit, strange);
});
