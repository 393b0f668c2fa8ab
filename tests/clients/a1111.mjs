// Three npm clients of A1111's API against the server at ALICE_URL.
import assert from "node:assert/strict";
import test from "node:test";
import sharp from "sharp";
import sdwebui from "node-sd-webui";
import { StableDiffusionApi as ByAxios } from "stable-diffusion-api";
import { StableDiffusionApi as ByFetch } from "stable-diffusion-client";

const baseUrl = process.env.ALICE_URL;
const settings = { prompt: "a rocket", negative_prompt: "dull", steps: 6, seed: 7, width: 64, height: 64 };
const info = (result) => (typeof result.info === "string" ? JSON.parse(result.info) : result.info);
const picture = (result) => (result.getSharpImage ? result.getSharpImage(0) : result.image);

for (const [name, Api] of [["stable-diffusion-client", ByFetch], ["stable-diffusion-api", ByAxios]]) {
  const api = new Api({ baseUrl, timeout: 120_000 });

  test(name + ": what there is", async () => {
    const models = await api.getSdModels();
    const emoji = models.find((model) => model.model_name === "emoji");
    assert.ok(emoji, JSON.stringify(models));
    assert.ok((await api.getSamplers()).some((sampler) => sampler.name === "Euler a"));
    for (const list of ["getUpscalers", "getHypernetworks", "getFaceRestorers", "getRealesrganModels", "getPromptStyles"])
      assert.ok(Array.isArray(await api[list]()), list);
    assert.equal(typeof (await api.getCmdFlags()), "object");
    await api.refreshCheckpoints();
    if (Api === ByFetch) await api.setModel("emoji");
    else await api.setOptions({ sd_model_checkpoint: emoji.title });  // its setModel() reads a member that no server has
    assert.ok((await api.getCurrentModel()).startsWith("emoji"));
    const progress = await api.getProgress(true);
    assert.equal(progress.progress, 0);
    assert.equal(progress.state.job_count, 0);
    assert.equal(await api.waitForReady(0.1), true);
  });

  test(name + ": a picture, another one made from it, and what it was made with", async () => {
    const made = await api.txt2img(settings);
    assert.equal(info(made).seed, 7);
    assert.equal(info(made).prompt, "a rocket");
    assert.equal(info(made).all_seeds.length, 1);
    assert.match(info(made).infotexts[0], /Steps: 6, .*Seed: 7/);
    assert.equal(made.parameters.cfg_scale, 7);
    const { width, height } = await picture(made).metadata();
    assert.deepEqual([width, height], [64, 64]);

    const again = await api.txt2img(settings);
    assert.ok((await picture(made).raw().toBuffer()).equals(await picture(again).raw().toBuffer()));

    const edited = await api.img2img({ ...settings, prompt: "a red heart", init_images: [picture(made)],
                                       denoising_strength: 0.7 });
    assert.equal(edited.images.length, 1);
    assert.notEqual(info(edited).prompt, info(made).prompt);
  });
}

test("node-sd-webui: pictures, and what they were made with", async () => {
  const client = sdwebui({ apiUrl: baseUrl });
  const { images, info } = await client.txt2img({ prompt: "a rocket", negativePrompt: "dull", seed: 7, steps: 6,
                                                  width: 64, height: 64, batchSize: 2 });
  assert.equal(images.length, 2);
  assert.deepEqual(JSON.parse(info).all_seeds, [7, 8]);
  assert.equal((await sharp(Buffer.from(images[1], "base64")).metadata()).width, 64);

  const told = await client.pngInfo({ imageData: images[1] });
  assert.equal(told.prompt, "a rocket");
  assert.equal(told.negativePrompt, "dull");
  assert.deepEqual([told.steps, told.seed, told.width, told.height], [6, 8, 64, 64]);

  const edited = await client.img2img({ imageData: [images[0]], prompt: "a red heart", steps: 6, width: 64, height: 64 });
  assert.equal(edited.images.length, 1);
  await assert.rejects(client.txt2img({ prompt: "x", samplingMethod: "None of ours" }), /[Ss]ampler/);
});
