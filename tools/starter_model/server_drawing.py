"""Draws the prompts of a list with a running ALICE, one after the other; pictures that are there already are kept."""
import base64
import json
import statistics
import time
import urllib.request
from pathlib import Path


def ask(server, request):
    """The PNG that POST /v1/images/generations answers with."""
    body = json.dumps(dict(request, response_format="b64_json")).encode()
    call = urllib.request.Request(f"{server}/v1/images/generations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(call, timeout=600) as answer:
        return base64.b64decode(json.load(answer)["data"][0]["b64_json"])


def draw_with_server(server, model, prompts, out, **fields):
    """server: "http://127.0.0.1:8080"; fields: more of the request, over the model's own defaults. Prints the seconds
    that a picture took, from the request to its last byte."""
    out, seconds = Path(out), []
    out.mkdir(parents=True, exist_ok=True)
    for entry in json.loads(Path(prompts).read_text(encoding="utf-8")):
        if (out / entry["file"]).exists():
            continue
        began = time.monotonic()
        picture = ask(server, dict(fields, model=model, prompt=entry["prompt"], seed=entry["seed"]))
        seconds.append(time.monotonic() - began)
        (out / entry["file"]).write_bytes(picture)
    if seconds:
        print(f"{len(seconds)} pictures: {statistics.median(seconds):.2f} s each in the median, {max(seconds):.2f} s at most")
