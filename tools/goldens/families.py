#!/usr/bin/env python3
"""Small random models of the published variants that the goldens lack, and runs of diffusers' own pipelines with
them: tests/data/families, a golden folder of the second form (tests/data/goldens2/README.md).

Usage: families.py             (needs torch, transformers and diffusers; they are no part of the product)

Text encoders, tokenizers and VAEs are those of the goldens beside it; only UNets are made here. The distilled ones are
also described as single files, in the names that the published ones have (single_names.py)."""

import json
import pathlib
import shutil

import diffusers
import numpy
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import single_names
from families_models import MODELS, SCALED, scaled_weights

DATA = pathlib.Path(__file__).resolve().parents[2] / "tests/data"
OUT = DATA / "families"
FIRST, SECOND = DATA / "goldens/models", DATA / "goldens2/models"
SEED = 20700
PROMPTS = ("a red bicycle leaning on a wall, watercolor", "portrait of an old sailor, studio light")
NEGATIVE = "lowres, jpeg artifacts"
SIDES = {"height": 128, "width": 128}  # of the pictures
SMALL = {"height": 64, "width": 96}  # without one
SCHEDULE = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
            "clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1}
INPAINT = {"image": "image", "mask_image": "mask"}
WIDE = {"image": "image_2", "mask_image": "mask_2"}
KARRAS = {"use_karras_sigmas": True}

# id, model, pipeline, scheduler and its settings, arguments, pictures
CASES = [
    ("sd2_inpaint_v", "tiny_sd2_inpaint", "StableDiffusionInpaint", "DDIM", {"prediction_type": "v_prediction"},
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "strength": 1.0, "num_inference_steps": 6}, INPAINT),
    ("sd2_inpaint_v_0.7", "tiny_sd2_inpaint", "StableDiffusionInpaint", "DPMSolverMultistep",
     {"prediction_type": "v_prediction", **KARRAS},
     {"prompt": PROMPTS[1], "strength": 0.7, "num_inference_steps": 8}, INPAINT),
    ("sd2_inpaint_epsilon", "tiny_sd2_inpaint", "StableDiffusionInpaint", "PNDM", {},
     {"prompt": PROMPTS[1], "negative_prompt": NEGATIVE, "strength": 1.0, "num_inference_steps": 6}, INPAINT),
    ("sd2_inpaint_epsilon_wide", "tiny_sd2_inpaint", "StableDiffusionInpaint", "EulerAncestralDiscrete", {},
     {"prompt": PROMPTS[0], "strength": 0.6, "num_inference_steps": 6, "num_images_per_prompt": 2, "width": 160}, WIDE),
    ("sdxl_inpaint", "tiny_sdxl_inpaint", "StableDiffusionXLInpaint", "EulerDiscrete", {"timestep_spacing": "leading"},
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "strength": 0.9999, "num_inference_steps": 6}, INPAINT),
    ("sdxl_inpaint_1.0", "tiny_sdxl_inpaint", "StableDiffusionXLInpaint", "EulerAncestralDiscrete", {},
     {"prompt": PROMPTS[1], "strength": 1.0, "num_inference_steps": 6}, INPAINT),
    ("sdxl_inpaint_0.5_wide", "tiny_sdxl_inpaint", "StableDiffusionXLInpaint", "DPMSolverMultistep", KARRAS,
     {"prompt": PROMPTS[1], "negative_prompt": NEGATIVE, "strength": 0.5, "num_inference_steps": 8,
      "original_size": [200, 300], "crops_coords_top_left": [8, 16], "width": 160}, WIDE),
    ("ssd1b", "tiny_ssd1b", "StableDiffusionXL", "EulerDiscrete", {"timestep_spacing": "leading"},
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
    ("ssd1b_img2img", "tiny_ssd1b", "StableDiffusionXLImg2Img", "DPMSolverMultistep", {},
     {"prompt": PROMPTS[1], "strength": 0.6, "num_inference_steps": 8}, {"image": "image"}),
    ("vega", "tiny_vega", "StableDiffusionXL", "EulerAncestralDiscrete", {"timestep_spacing": "leading"},
     {"prompt": PROMPTS[1], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
    ("vega_batch2", "tiny_vega", "StableDiffusionXL", "UniPCMultistep", {},
     {"prompt": PROMPTS[0], "num_inference_steps": 4, "num_images_per_prompt": 2}, {}),
    ("bk_base", "tiny_bk_base", "StableDiffusion", "PNDM", {},
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
    ("bk_base_img2img", "tiny_bk_base", "StableDiffusionImg2Img", "DDIM", {},
     {"prompt": PROMPTS[1], "strength": 0.6, "num_inference_steps": 8}, {"image": "image"}),
    ("bk_small", "tiny_bk_small", "StableDiffusion", "DDIM", {},
     {"prompt": PROMPTS[1], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
    ("bk_tiny", "tiny_bk_tiny", "StableDiffusion", "DPMSolverMultistep", KARRAS,
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
    ("bk_tiny_inpaint", "tiny_bk_tiny", "StableDiffusionInpaint", "EulerDiscrete", {},
     {"prompt": PROMPTS[1], "strength": 0.75, "num_inference_steps": 8}, INPAINT),
    ("scaled_fp8", SCALED, "StableDiffusion", "DDIM", {},
     {"prompt": PROMPTS[0], "negative_prompt": NEGATIVE, "num_inference_steps": 6}, {}),
]
GUIDANCE = 6.5


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def write_names(path, names, **more):
    """One name a line."""
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(made, separators=(',', ':'))}" for name, made in names.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**more, "tensors": {}}, separators=(",", ":"))[:-2] + "\n" + lines + "\n}}\n")


def is_xl(model):
    return MODELS[model].get("addition_embed_type") == "text_time"


def make_unet(model, number):
    """Weights that are exact in float16. What begins as ones or zeros is made different from them, so that nothing can
    be left out or taken for something else."""
    unet = diffusers.UNet2DConditionModel.from_config(MODELS[model]).eval()
    generator = torch.Generator().manual_seed(SEED + number)
    with torch.no_grad():
        for name, weight in sorted(unet.named_parameters()):
            noise = torch.randn(weight.shape, generator=generator)
            if weight.dim() > 1:
                value = noise * weight[0].numel() ** -0.5
            else:
                value = 0.1 * noise + (1 if "norm" in name and name.endswith("weight") else 0)
            weight.copy_(value.half().float())
    return unet


def write_model(model, unet):
    folder = OUT / "models" / model
    two = is_xl(model)
    inpaints = MODELS[model]["in_channels"] == 9
    name = "StableDiffusion" + ("XL" if two else "") + ("Inpaint" if inpaints else "") + "Pipeline"
    index = {"_class_name": name, "scheduler": ["diffusers", "EulerDiscreteScheduler" if two else "PNDMScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    if two:
        index.update({"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
                      "tokenizer_2": ["transformers", "CLIPTokenizer"], "force_zeros_for_empty_prompt": True})
    write_json(folder / "model_index.json", index)
    write_json(folder / "scheduler/scheduler_config.json", {"_class_name": index["scheduler"][1], **SCHEDULE})
    write_json(folder / "unet/config.json", {"_class_name": "UNet2DConditionModel", **MODELS[model]})
    weights = {name: tensor.half() for name, tensor in unet.state_dict().items()}
    if model == SCALED:
        weights = scaled_weights(unet, single_names.unet_names(MODELS[model], by_threes=False))
    save_file(weights, folder / "unet/diffusion_pytorch_model.safetensors")


def pipeline_of(name, model, unet, scheduler):
    two = is_xl(model)
    first = FIRST / ("tiny_sdxl" if two else "tiny_sd15")
    vae = first / "vae" if two else SECOND / "tiny_vae4"
    parts = {"unet": unet, "scheduler": scheduler, "vae": diffusers.AutoencoderKL.from_pretrained(vae).float().eval(),
             "text_encoder": CLIPTextModel.from_pretrained(first / "text_encoder").float().eval(),
             "tokenizer": CLIPTokenizer.from_pretrained(first / "tokenizer")}
    if two:
        parts["text_encoder_2"] = CLIPTextModelWithProjection.from_pretrained(first / "text_encoder_2").float().eval()
        parts["tokenizer_2"] = CLIPTokenizer.from_pretrained(first / "tokenizer_2")
    else:
        parts.update(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe = getattr(diffusers, name + "Pipeline")(**parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


class Watch:
    """What a run draws, where it begins, and what its network is asked."""

    def __init__(self, pipe):
        self.draws, self.calls, self.steps, self.seen = [], [], [], {}
        self.pipe, self.randn, self.forward = pipe, torch.randn, pipe.unet.forward

    def __enter__(self):
        def randn(*args, **kwargs):
            drawn = self.randn(*args, **kwargs)
            self.draws.append(drawn.clone())
            return drawn

        def forward(sample, timestep, encoder_hidden_states, **kwargs):
            out = self.forward(sample, timestep, encoder_hidden_states, **kwargs)
            self.calls.append((sample.clone(), float(timestep), encoder_hidden_states, kwargs, out[0].clone()))
            return out

        torch.randn, self.pipe.unet.forward = randn, forward
        self.watch("prepare_latents", lambda out: {"start": out[0] if isinstance(out, tuple) else out})
        self.watch("prepare_mask_latents", lambda out: {"mask_latent": out[0][:1], "masked_image_latents": out[1][:1]})
        return self

    def watch(self, method, named):
        inner = getattr(self.pipe, method, None)
        if inner is None:
            return

        def outer(*args, **kwargs):
            out = inner(*args, **kwargs)
            self.seen.update({name: tensor.clone() for name, tensor in named(out).items()})
            return out
        setattr(self.pipe, method, outer)

    def __exit__(self, *_):
        torch.randn, self.pipe.unet.forward = self.randn, self.forward

    def on_step(self, _, index, timestep, values):
        self.steps.append(values["latents"].clone())
        return values


class Store:
    """Tensors by key; one that is there already is an alias."""

    def __init__(self):
        self.tensors, self.contexts = {}, 0

    def put(self, one, name, tensor):
        tensor = tensor.detach().float().contiguous()
        key = self.find(tensor)
        if key:
            one["alias"][name] = key
        else:
            self.tensors[one["id"] + "/" + name] = tensor

    def context(self, tensor):
        key = self.find(tensor)
        if not key:
            key, self.contexts = f"context/{self.contexts}", self.contexts + 1
            self.tensors[key] = tensor.detach().contiguous()
        return key

    def find(self, tensor):
        for key, other in self.tensors.items():
            if other.shape == tensor.shape and torch.equal(other, tensor):
                return key
        return None


def one_row(tensor):
    return tensor[:1] if all(torch.equal(row, tensor[0]) for row in tensor) else tensor


def run(case, unet, pictures, store):
    identity, model, name, scheduler_name, settings, arguments, tensors = case
    scheduler = getattr(diffusers, scheduler_name + "Scheduler").from_config({**SCHEDULE, **settings})
    pipe = pipeline_of(name, model, unet, scheduler)
    sides = {} if name.endswith("Img2Img") else SIDES if tensors else SMALL
    arguments = {**sides, "guidance_scale": GUIDANCE, **arguments}
    given = {key: pictures[picture].float() / 255 for key, picture in tensors.items()}
    given = {key: value.round() if key == "mask_image" else value for key, value in given.items()}
    with Watch(pipe) as watch, torch.no_grad():
        picture = pipe(generator=torch.Generator().manual_seed(SEED), output_type="np",
                       callback_on_step_end=watch.on_step, **given,
                       **{key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
                       ).images
    config = {key: value for key, value in scheduler.config.items()
              if not key.startswith("_") and value not in (float("-inf"), float("inf"))}
    one = {"id": identity, "model": model, "pipeline": name + "Pipeline", "seed": SEED, "draws": len(watch.draws),
           "scheduler": scheduler_name + "Scheduler", "scheduler_config": config, "args": arguments, "tensors": tensors,
           "alias": {}, "steps": len(watch.steps), "latent_steps": [0, len(watch.steps) - 1],
           "unet_timesteps": [call[1] for call in watch.calls]}
    for number, draw in enumerate(watch.draws):
        store.put(one, f"noise{number}", draw)
    if tensors:
        for key, tensor in watch.seen.items():
            store.put(one, key, tensor)
    sample, _, context, kwargs, out = watch.calls[0]
    store.put(one, "unet0/sample", one_row(sample))
    store.put(one, "unet0/out", out)
    for key, tensor in (kwargs.get("added_cond_kwargs") or {}).items():
        store.put(one, "unet0/" + key, tensor)
    one["unet_context"] = store.context(context)
    store.put(one, "latents", torch.stack([watch.steps[step] for step in one["latent_steps"]]))
    levels = numpy.rint(picture * 255)
    one.update(mean=round(float(levels.mean()), 4), std=round(float(levels.std()), 4), shape=list(levels.shape))
    print(identity, "draws", one["draws"], "calls", len(watch.calls), "latents up to",
          round(float(watch.steps[-1].abs().max()), 2), "picture", one["mean"], one["std"])
    return one


def write_single_files():
    """What several files have in common is a table of its own, which they take in."""
    files = {}
    for two, vae in ((False, SECOND / "tiny_vae4"), (True, FIRST / "tiny_sdxl/vae")):
        names = single_names.rest_names(json.loads((vae / "config.json").read_text()), two)
        write_names(OUT / f"single/{rest_table(two)}.json", names)
    for model in ("tiny_ssd1b", "tiny_vega", "tiny_bk_base", "tiny_bk_small", "tiny_bk_tiny"):
        stem, two = model[len("tiny_"):], is_xl(model)
        names = single_names.under("model.diffusion_model.", "unet",
                                   single_names.unet_names(MODELS[model], by_threes=not two))
        write_names(OUT / f"single/{stem}.json", names, model=model, include=[[rest_table(two) + ".json", ""]])
        files[stem] = {}
    write_json(OUT / "single/single.json", {"files": files, "configs": {}})


def rest_table(has_two_encoders):
    return "beside_unet_xl" if has_two_encoders else "beside_unet"


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT / "models", ignore_errors=True)
    shutil.rmtree(OUT / "single", ignore_errors=True)
    pictures = load_file(DATA / "goldens2/inputs/pictures.safetensors")
    unets = {}
    for number, model in enumerate(MODELS):
        unets[model] = make_unet(model, number)
        write_model(model, unets[model])
    store, cases = Store(), []
    for case in CASES:
        cases.append(run(case, unets[case[1]], pictures, store))
    (OUT / "families").mkdir(parents=True, exist_ok=True)
    write_json(OUT / "families/images.json", {"note": None, "cases": cases})
    save_file(store.tensors, OUT / "families/images.safetensors")
    write_single_files()
    write_json(OUT / "versions.json", {"torch": torch.__version__, "diffusers": diffusers.__version__})


if __name__ == "__main__":
    main()
