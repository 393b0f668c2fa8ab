"""What clients of ComfyUI's API send, as their sources have it (docs/CLIENTS.md)."""

import base64
import copy
import json

from a1111_requests import PICTURE


def linked(node, slot=0):
    return [node, slot]


# SillyTavern's default graph (default/content/Default_Comfy_Workflow.json), its marks filled in as its page does.
TEXT_GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {
        "cfg": 7, "denoise": 1, "latent_image": linked("5"), "model": linked("4"), "negative": linked("7"),
        "positive": linked("6"), "sampler_name": "wave", "scheduler": "normal", "seed": 5, "steps": 4}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "emoji.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"batch_size": 1, "height": 64, "width": 64}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": linked("4", 1), "text": "a cat"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"clip": linked("4", 1), "text": "dogs"}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": linked("3"), "vae": linked("4", 2)}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "Dechat", "images": linked("8")}}}


def text_graph(changes=(), more=None):
    """The graph above; `changes`: (node, input, value), a value of None takes the input out."""
    graph = copy.deepcopy(TEXT_GRAPH)
    graph.update(copy.deepcopy(more or {}))
    for node, name, value in changes:
        graph[node]["inputs"][name] = value
        if value is None:
            del graph[node]["inputs"][name]
    return graph


def avatar_graph(picture=PICTURE, denoise=0.75, steps=4):
    """SillyTavern's other graph (Char_Avatar_Comfy_Workflow.json)."""
    more = {"10": {"class_type": "ETN_LoadImageBase64", "inputs": {"image": base64.b64encode(picture).decode()},
                   "_meta": {"title": "Load Image (Base64)"}},
            "12": {"class_type": "VAEEncode", "inputs": {"pixels": linked("13"), "vae": linked("4", 2)}},
            "13": {"class_type": "ImageScale", "inputs": {
                "upscale_method": "bicubic", "width": 64, "height": 64, "crop": "center", "image": linked("10")}}}
    graph = text_graph([("3", "latent_image", linked("12")), ("3", "denoise", denoise), ("3", "steps", steps)], more)
    del graph["5"]
    return graph


def sillytavern_body(graph):
    """Its server sends the text as it is, and names no type: fetch calls it text/plain."""
    return json.dumps({"prompt": graph}).encode(), {"Content-Type": "text/plain;charset=UTF-8"}


def form(parts, boundary="----formdata-undici-012345678901"):
    """`parts`: (name, file name or None, bytes)."""
    body = b""
    for name, file, data in parts:
        named = f'form-data; name="{name}"' + ("" if file is None else f'; filename="{file}"')
        body += f"--{boundary}\r\nContent-Disposition: {named}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=" + boundary}
