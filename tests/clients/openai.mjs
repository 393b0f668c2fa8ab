// The npm package openai against the server at ALICE_URL. Pictures are left in ALICE_PICTURES, with mask.png in it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import OpenAI, { toFile } from "openai";

const url = process.env.ALICE_URL, folder = process.env.ALICE_PICTURES;
const client = new OpenAI({ baseURL: url + "/v1", apiKey: "sk-none", maxRetries: 0 });
const settings = { steps: 6, seed: 7 };  // no fields of OpenAI's: they go through as they are
const place = (name) => path.join(folder, name);
const bytes = (base64) => Buffer.from(base64, "base64");
const isPng = (data) => data.subarray(1, 4).toString() === "PNG";

test("models are listed and found", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("sd/emoji"), ids.join());
  assert.equal((await client.models.retrieve("sd/emoji")).id, "sd/emoji");
});

test("a picture comes as an address that needs no key", async () => {
  const answer = await client.images.generate({ model: "sd/emoji", prompt: "a rocket", n: 2, ...settings });
  assert.equal(answer.data.length, 2);
  assert.ok(answer.created > 1.7e9);
  for (const one of answer.data) {
    const picture = await fetch(one.url);
    assert.equal(picture.headers.get("content-type"), "image/png");
    assert.ok(isPng(Buffer.from(await picture.arrayBuffer())));
  }
});

test("a picture comes in base64 where OpenAI's newer model is asked for", async () => {
  const answer = await client.images.generate({ model: "gpt-image-1", prompt: "a rocket", size: "1024x1024",
                                                quality: "auto", background: "opaque", ...settings });
  assert.equal(answer.size, "64x64");
  assert.deepEqual(answer.usage.input_tokens_details, { image_tokens: 0, text_tokens: 0 });
  fs.writeFileSync(place("rocket.png"), bytes(answer.data[0].b64_json));
});

test("a stream has partial images and then the picture", async () => {
  const stream = await client.images.generate({ model: "gpt-image-1", prompt: "a rocket", stream: true,
                                                partial_images: 2, ...settings, steps: 30 });
  const events = [];
  for await (const event of stream) events.push(event);
  const last = events.pop();
  assert.equal(last.type, "image_generation.completed");
  assert.equal(last.usage.total_tokens, 0);
  assert.ok(isPng(bytes(last.b64_json)));
  assert.equal(events.length, 2);
  events.forEach((event, index) => {
    assert.equal(event.type, "image_generation.partial_image");
    assert.equal(event.partial_image_index, index);
    assert.equal(event.size, "64x64");
    assert.ok(isPng(bytes(event.b64_json)));
    assert.notEqual(event.b64_json, last.b64_json);
  });
});

test("leaving a stream cancels its job", async () => {
  const stream = await client.images.generate({ model: "gpt-image-1", prompt: "a rocket", stream: true,
                                                partial_images: 3, steps: 300 });
  for await (const event of stream) {
    assert.equal(event.type, "image_generation.partial_image");
    break;
  }
  for (;;) {
    const jobs = await (await fetch(url + "/v1/jobs?limit=1")).json();
    if (jobs.data[0].status === "cancelled") break;
    assert.notEqual(jobs.data[0].status, "succeeded");
    await new Promise((then) => setTimeout(then, 50));
  }
});

test("a part of a picture is made anew where the mask is transparent", async () => {
  const answer = await client.images.edit({
    model: "gpt-image-1", prompt: "a sunflower", ...settings,
    image: fs.createReadStream(place("rocket.png")),
    mask: await toFile(fs.readFileSync(place("mask.png")), "mask.png", { type: "image/png" }) });
  assert.equal(answer.size, "64x64");
  fs.writeFileSync(place("edited.png"), bytes(answer.data[0].b64_json));
});

test("several pictures may be sent, and a change may be streamed", async () => {
  const picture = await toFile(fs.readFileSync(place("rocket.png")), "a.png");
  const stream = await client.images.edit({ model: "gpt-image-1", prompt: "a hat", image: [picture, picture],
                                            stream: true, partial_images: 1, input_fidelity: "high", ...settings });
  const types = [];
  let warnings;
  for await (const event of stream) types.push(event.type), (warnings = event.warnings);
  assert.deepEqual(types, ["image_edit.partial_image", "image_edit.completed"]);
  assert.ok(warnings.some((warning) => warning.startsWith("image: the first")), warnings.join());
  assert.ok(warnings.some((warning) => warning.startsWith("input_fidelity: ")), warnings.join());
});

test("a variation is another picture", async () => {
  const answer = await client.images.createVariation({
    image: fs.createReadStream(place("rocket.png")), model: "dall-e-2", response_format: "b64_json", ...settings });
  const picture = bytes(answer.data[0].b64_json);
  assert.ok(isPng(picture));
  assert.ok(!picture.equals(fs.readFileSync(place("rocket.png"))));
});

test("what is wrong is an error with its field", async () => {
  await assert.rejects(client.images.generate({ prompt: "x", size: "large" }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "size");
    assert.match(error.message, /WIDTHxHEIGHT/);
    return true;
  });
  await assert.rejects(client.images.generate({ prompt: "x", model: "none" }), OpenAI.NotFoundError);
});
