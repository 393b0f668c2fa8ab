"""A look at the model in training: 64 fixed prompts drawn, measured, and kept as a contact sheet."""
import numpy
import torch

from .captions import on_background
from .distances import border_colour, gradient_energy, psnr, whole_gallery
from .noise import ddim, guided
from .scenes import COLOUR_NAMES, canonical
from .sheet import contact_sheet

EVERY_STEPS = 2000
PROMPTS, SEED, STEPS, GUIDANCE = 64, 11, 20, 3.0
CHUNK = 16


class Trial:
    def __init__(self, vae, lesson, stage, run):
        self.vae, self.lesson, self.run = vae, lesson, run
        names = lesson.captions.names
        random = numpy.random.default_rng(SEED)
        things = [int(i) for i in random.permutation(len(names))[:PROMPTS]]
        colours = ["white" if i % 2 else COLOUR_NAMES[i // 2 % len(COLOUR_NAMES)] for i in range(PROMPTS)]
        self.asked = [(names[i], colour) for i, colour in zip(things, colours)]
        self.prompts = [name + ("" if colour == "white" else on_background(colour)) for name, colour in self.asked]
        self.originals = [stage.draw(canonical(i, colour)) for i, colour in zip(things, colours)]
        self.gallery = whole_gallery(stage, names)
        self.noise = torch.randn(PROMPTS, 4, lesson.side, lesson.side, generator=torch.Generator().manual_seed(SEED))

    @torch.no_grad()
    def draw(self, model, sample):
        encode = self.lesson.tokenizer.encode
        pictures = []
        for start in range(0, PROMPTS, CHUNK):
            part = slice(start, start + CHUNK)
            context = model.text_encoder(torch.tensor([encode(prompt) for prompt in self.prompts[part]]))
            decoded = self.vae.decode(self.lesson.space.leave(sample(context, self.noise[part])))
            pictures += list((decoded / 2 + 0.5).clamp(0, 1).numpy())
        return pictures

    def with_guidance(self, model):
        """The base model's way: sample(context, noise) -> latents."""
        empty = model.text_encoder(torch.tensor([self.lesson.tokenizer.encode("")]))
        return lambda context, noise: ddim(guided(model.unet, context, empty, GUIDANCE), noise, STEPS)

    def hold(self, model, step, sample=None):
        pictures = self.draw(model, sample or self.with_guidance(model))
        found = [self.gallery.nearest(picture)[0] for picture in pictures]
        right = numpy.mean([name == asked for (name, _), (asked, _) in zip(found, self.asked)])
        ground = numpy.mean([border_colour(p) == colour for p, (_, colour) in zip(pictures, self.asked)])
        energy, full = (numpy.mean([gradient_energy(p) for p in shown]) for shown in (pictures, self.originals))
        near = numpy.mean([psnr(p, original) for p, original in zip(pictures, self.originals)])
        contact_sheet(pictures, 16, [name for name, _ in self.asked]).save(self.run.folder / f"sheet-{step:07d}.png")
        self.run.log(f"trial at step {step}: name right {right:.1%}, background {ground:.1%}, gradient energy "
                     f"{energy / full:.1%}, PSNR to the original {near:.2f} dB")
