"""Trains the autoencoder on scenes of the chosen emoji."""
import numpy
import torch
from torch.nn import functional as F

from .choice import chosen_emoji
from .pictures import render
from .run_state import Average, Run, cosine, take_step
from .scenes import COLOUR_NAMES, Stage, canonical, colour_of, moved, pair
from .vae import AutoencoderKL, settle_variance, vae_config

BATCH = 16
PEAK_RATE, LOW_RATE = 2e-3, 5e-5
AVERAGE = 0.998
LAYOUTS = {  # factor -> widths of the levels, attention in the middle
    2: ((24, 64), False),
    4: ((32, 64, 96), True),
}


def draw_scene(count, random):
    """Half as in the training pictures, a quarter moved, a quarter pairs; half of the colours have no name."""
    if random.random() < 0.5:
        name = "white" if random.random() < 0.3 else str(random.choice(COLOUR_NAMES))
        colour = colour_of(name)
    else:
        name, colour = "", tuple(random.random(3))
    index, kind = int(random.integers(count)), random.random()
    if kind < 0.25:
        return moved(index, colour, name, random)
    if kind < 0.5:
        return pair(index, int(random.integers(count)), colour, name, random)
    scene = canonical(index)
    return type(scene)(scene.things, colour, name)


def loss_of(restored, pictures, mean, logvar):
    """Absolute and squared error; the squared error of 8x8 means, where tints show first, and of steps between
    neighbours, where blur shows; a touch of KL; and the channels' dependence: without it the four channels hold but
    three numbers, the patch's mean colour, and none is left for detail."""
    error = restored - pictures
    across, down = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    steps = across.square().mean() + down.square().mean()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    means = F.avg_pool2d(error, 8).square().mean()
    return (0.3 * error.abs().mean() + 2 * error.square().mean() + 2 * means + 0.5 * steps + 1e-4 * kl
            + 2e-3 * dependence(mean))


def dependence(latents):
    """0 for channels without correlation over batch and places, large where one follows from the others: the negative
    logarithm of the correlation matrix' determinant."""
    flat = latents.transpose(0, 1).flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    flat = flat / (flat.norm(dim=1, keepdim=True) + 1e-6)
    return -torch.logdet(flat @ flat.T + 1e-4 * torch.eye(len(flat)))


@torch.no_grad()
def round_trip(vae, pictures):
    """Encoded to the latents' mean and decoded, clipped to what a PNG holds. [B, 3, H, W] in [0, 1]."""
    return (vae.decode(vae.encode(pictures * 2 - 1)[0]) / 2 + 0.5).clamp(0, 1)


@torch.no_grad()
def round_trip_psnr(vae, stage, count, colour_name="white"):
    """PSNR in dB of every canonical picture against its round trip."""
    result = []
    for start in range(0, count, 16):
        pictures = torch.from_numpy(
            numpy.stack([stage.draw(canonical(i, colour_name)) for i in range(start, min(start + 16, count))])
        )
        result.append(-10 * torch.log10((round_trip(vae, pictures) - pictures).square().mean((1, 2, 3))))
    return torch.cat(result)


def train_vae(state, name, factor, steps, hours):
    widths, attention = LAYOUTS[factor]
    torch.manual_seed(1)
    random = numpy.random.default_rng(1)
    vae = AutoencoderKL(vae_config(widths, attention))
    settle_variance(vae)
    optimiser = torch.optim.AdamW(vae.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    average = Average(vae, AVERAGE)
    stage = Stage(render(chosen_emoji()))
    count = len(stage.originals)

    run, step = Run(state, name, hours), 0
    if saved := run.load():
        vae.load_state_dict(saved["weights"])
        average.values = saved["average"]
        optimiser.load_state_dict(saved["optimiser"])
        step = saved["step"]
        torch.set_rng_state(saved["torch_random"])
        random.bit_generator.state = saved["numpy_random"]
    weights = sum(p.numel() for p in vae.parameters())
    run.log(f"factor {factor}, widths {widths}, {weights} weights, {count} emoji, from step {step} of {steps}")

    def save():
        run.save(config=vae.config, weights=vae.state_dict(), average=average.values, optimiser=optimiser.state_dict(),
                 step=step, torch_random=torch.get_rng_state(), numpy_random=random.bit_generator.state)

    def report(losses):
        average.swap(vae)
        psnr = round_trip_psnr(vae, stage, count)
        average.swap(vae)
        run.log(f"step {step}, {step * BATCH} pictures, loss {numpy.mean(losses):.4f}, PSNR on white: "
                f"mean {psnr.mean():.2f}, 5th percentile {psnr.quantile(0.05):.2f}, least {psnr.min():.2f} dB")

    losses = []
    while step < steps and run.tick():
        pictures = torch.from_numpy(numpy.stack([stage.draw(draw_scene(count, random)) for _ in range(BATCH)])) * 2 - 1
        mean, logvar = vae.encode(pictures)
        latents = mean + torch.exp(logvar / 2) * torch.randn_like(mean)
        loss = loss_of(vae.decode(latents), pictures, mean, logvar)
        take_step(optimiser, loss, cosine(step, steps, PEAK_RATE, LOW_RATE))
        step += 1
        average.update(vae, step)
        losses.append(loss.item())
        if step % 50 == 0:
            run.log(f"step {step}, loss {numpy.mean(losses[-50:]):.4f}")
        if run.save_due:
            report(losses)
            losses = []
            save()
    if losses:
        report(losses)
    save()
    run.log("done" if step >= steps else "stopped")
