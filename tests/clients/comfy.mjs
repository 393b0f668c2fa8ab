// An npm client of ComfyUI's API that can do without its WebSocket, against the server at ALICE_URL.
import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "@stable-canvas/comfyui-client";

const client = new Client({ api_host: new URL(process.env.ALICE_URL).host, clientId: "a-test", WebSocket: class {} });
const graph = (changes = {}) => ({
  3: { class_type: "KSampler", inputs: {
    seed: 7, steps: 4, cfg: 3, sampler_name: "euler", scheduler: "normal", denoise: 1, model: ["4", 0],
    positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0], ...changes } },
  4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "emoji.safetensors" } },
  5: { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
  6: { class_type: "CLIPTextEncode", inputs: { text: "a rocket", clip: ["4", 1] } },
  7: { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["4", 1] } },
  8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
  9: { class_type: "SaveImage", inputs: { filename_prefix: "test", images: ["8", 0] } },
});

test("what there is", async () => {
  assert.ok((await client.getSDModels()).includes("emoji.safetensors"));
  assert.ok((await client.getSamplers()).includes("euler"));
  assert.ok((await client.getSchedulers()).includes("karras"));
  assert.ok(Array.isArray(await client.getVAEs()));
  assert.ok(Array.isArray(await client.getLoRAs()));
  assert.ok(Array.isArray(await client.getEmbeddings()));
  assert.ok((await client.getNodeDefs()).KSampler);
  assert.equal((await client.getSystemStats()).devices.length, 1);
});

test("a picture by polling, and its bytes", async () => {
  const result = await client.enqueue_polling(graph(), { polling_ms: 50 });
  assert.equal(result.images.length, 1);
  const found = result.images[0];
  const bytes = found.type === "buff" ? Buffer.from(found.data)
                                      : Buffer.from(await (await fetch(found.data)).arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const { done, running, pending } = await client.getPromptStatus(result.prompt_id);
  assert.deepEqual([done, running, pending], [true, false, false]);
});

test("a refusal names the node", async () => {
  await assert.rejects(client.enqueue_polling(graph({ sampler_name: "nobody's" }), { polling_ms: 50 }),
                       (error) => error.json.node_errors[3].class_type === "KSampler" &&
                                  /sampler_name/.test(error.json.error.message));
});
