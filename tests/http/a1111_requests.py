"""What clients of A1111's API send, as their sources have it (docs/CLIENTS.md)."""

import base64

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6300000000020081773ccd72b60000000049454e44ae426082")  # one grey pixel
# LibreChat's tool, unchanged.
LIBRECHAT = {"prompt": "a cat", "negative_prompt": "dogs", "cfg_scale": 4.5, "steps": 22, "width": 1024, "height": 1024}
# SillyTavern's "auto" source: its own address and password are within.
SILLYTAVERN = {
    "url": "http://host:7860", "auth": "user:secret-of-sillytavern", "prompt": "a cat", "negative_prompt": "dogs",
    "sampler_name": "Wave", "scheduler": "karras", "steps": 20, "cfg_scale": 7, "width": 64, "height": 64,
    "restore_faces": False, "enable_hr": False, "hr_upscaler": "Latent", "hr_scale": 2, "denoising_strength": 0.7,
    "hr_second_pass_steps": 0, "seed": -1, "override_settings": {"CLIP_stop_at_last_layers": 1},
    "override_settings_restore_afterwards": True, "clip_skip": 1, "save_images": True, "send_images": True,
    "do_not_save_grid": False, "do_not_save_samples": False}
SWARMUI = {"prompt": "a cat <lora:soft:0.5>", "negative_prompt": "", "seed": 5, "steps": 20, "width": 64, "height": 64,
           "batch_size": 1, "cfg_scale": 7, "subseed": 0, "subseed_strength": 0, "sampler_name": "Wave 2M Karras"}
WEBUIAPI = {
    "enable_hr": False, "hr_scale": 2, "hr_upscaler": "Latent", "hr_second_pass_steps": 0, "hr_resize_x": 0,
    "hr_resize_y": 0, "denoising_strength": 0.7, "firstphase_width": 0, "firstphase_height": 0, "prompt": "a cat",
    "styles": [], "seed": 1003, "subseed": -1, "subseed_strength": 0.0, "seed_resize_from_h": 0,
    "seed_resize_from_w": 0, "batch_size": 1, "n_iter": 1, "steps": 20, "cfg_scale": 7.0, "width": 64, "height": 64,
    "restore_faces": False, "tiling": False, "do_not_save_samples": False, "do_not_save_grid": False,
    "negative_prompt": "", "eta": 1.0, "s_churn": 0, "s_tmax": 0, "s_tmin": 0, "s_noise": 1, "override_settings": {},
    "override_settings_restore_afterwards": True, "sampler_name": "Wave", "scheduler": "Automatic",
    "sampler_index": "Wave", "script_name": None, "script_args": [], "send_images": True, "save_images": False,
    "alwayson_scripts": {}, "use_deprecated_controlnet": False}
AIYA = {"prompt": "a cat", "negative_prompt": "", "steps": 20, "width": 64, "height": 64, "cfg_scale": "7.0",
        "sampler_index": "Wave", "seed": 7, "seed_resize_from_h": -1, "seed_resize_from_w": -1,
        "denoising_strength": None, "n_iter": 2, "override_settings": {
            "sd_model_checkpoint": "emoji", "CLIP_stop_at_last_layers": 2}}
OPEN_WEBUI = {"prompt": "a cat", "batch_size": 2, "width": 512, "height": 512, "steps": 20, "negative_prompt": "dogs"}
PHOTOSHOP = {
    "prompt": "a cat", "negative_prompt": "", "steps": 20, "cfg_scale": 7, "width": 64, "height": 64, "seed": "-1",
    "denoising_strength": 0.75, "sampler_index": "Wave", "batch_size": 1, "n_iter": 1, "mask_blur": 4,
    "inpainting_fill": 1, "inpaint_full_res": True, "inpaint_full_res_padding": 32, "inpainting_mask_invert": 0,
    "resize_mode": 0, "include_init_images": True, "init_images": ["data:image/png;base64," +
                                                                  base64.b64encode(PICTURE).decode()],
    "mask": base64.b64encode(PICTURE).decode(), "alwayson_scripts": {}}
