// The two SDKs of the Model Context Protocol against the server at ALICE_URL: @modelcontextprotocol/client, which speaks
// the stateless revision and the earlier ones, and @modelcontextprotocol/sdk, which speaks the earlier ones.
import assert from "node:assert/strict";
import test from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as EarlierClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as EarlierTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.env.ALICE_URL + "/mcp");
const who = { name: "alice-tests", version: "1.0.0" };
const settings = { model: "sd/emoji", prompt: "a rocket", steps: 6, seed: 7 };

async function later(negotiation) {
  const client = new Client(who, { versionNegotiation: negotiation });
  await client.connect(new StreamableHTTPClientTransport(url));
  return { client, version: client.getNegotiatedProtocolVersion(),
           call: (name, args, options) => client.callTool({ name, arguments: args }, options) };
}

async function earlier() {
  const client = new EarlierClient(who), transport = new EarlierTransport(url);
  await client.connect(transport);
  return { client, version: transport.protocolVersion,
           call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options) };
}

const clients = [
  ["the stateless revision, found by asking", () => later({ mode: "auto" }), "2026-07-28"],
  ["the stateless revision alone", () => later({ mode: { pin: "2026-07-28" } }), "2026-07-28"],
  ["the later SDK with a handshake", () => later({ mode: "legacy" }), "2025-11-25"],
  ["the earlier SDK", earlier, "2025-11-25"],
];

for (const [name, connect, version] of clients) {
  test(name, async () => {
    const { client, version: agreed, call } = await connect();
    assert.equal(agreed, version);
    assert.equal(client.getServerVersion().name, "ALICE");

    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name),
                     ["generate_image", "edit_image", "list_models", "get_job", "cancel_job"]);
    const models = await call("list_models", {});
    assert.ok(models.structuredContent.models.some((model) => model.id === "sd/emoji"));

    const progress = [];
    const made = await call("generate_image", settings, { onprogress: (one) => progress.push(one.progress) });
    assert.equal(made.isError, false);
    const { job, images } = made.structuredContent;
    assert.equal(images[0].seed, 7);
    const inline = made.content.find((part) => part.type === "image");
    assert.equal(inline.mimeType, "image/jpeg");
    const file = Buffer.from(inline.data, "base64");
    assert.deepEqual([...file.subarray(0, 2)], [0xff, 0xd8]);
    const fetched = await fetch(images[0].url);
    assert.ok(file.equals(Buffer.from(await fetched.arrayBuffer())));
    assert.ok(progress.length > 0);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));

    const edited = await call("edit_image", { ...settings, prompt: "a red heart", job, strength: 0.7 });
    assert.equal(edited.isError, false, JSON.stringify(edited.content));
    assert.notEqual(edited.structuredContent.job, job);
    assert.deepEqual((await call("get_job", { job })).structuredContent.images.map((image) => image.seed), [7]);

    const wrong = await call("generate_image", { ...settings, stepz: 3 });
    assert.equal(wrong.isError, true);
    assert.match(wrong.content[0].text, /did you mean 'steps'/);
    const begun = await call("generate_image", { ...settings, n: 4, steps: 50, wait_seconds: 0 });
    const ended = await call("cancel_job", { job: begun.structuredContent.job });
    assert.match(ended.structuredContent.status, /cancel/);
    await client.close();
  });
}
