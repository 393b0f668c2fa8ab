"""How noise is mixed in, what the network predicts of it, and the way back: x_t = a x_0 + s noise, a^2 + s^2 = 1.

The network predicts v = a noise - s x_0 (Salimans and Ho 2022): at the noisiest level that is the picture itself, so
backgrounds and names are learnt where sampling begins, which a prediction of the noise would hide there.

Betas are those of Ho et al. 2020 (linear), not Stable Diffusion's, whose noisiest level keeps a = 0.068 of the picture:
over 32x32 places that is enough to read the background's colour off the noise (its mean stands out by 2 to 4
deviations), and a network that can read it there has no need to learn it from the prompt (seen after 26,000 pictures:
wrong colours). Here a ends at 0.0064 and sigma = s / a at 157: finite, so that every sampler works as it is, without
rules for a signal of zero.
"""
import torch

TRAIN_STEPS = 1000
BETA_START, BETA_END = 0.0001, 0.02
KNOWN_TIMES = 50  # that the sampler of consistency models chooses its steps from


def signal_squared():
    """a^2 for t = 0 .. 999."""
    betas = torch.linspace(BETA_START, BETA_END, TRAIN_STEPS, dtype=torch.float64)
    return torch.cumprod(1 - betas, 0).float()


SIGNAL_SQUARED = signal_squared()


def shares(t):
    """a and s of the time steps t [B], to be multiplied with [B, C, H, W]."""
    a2 = SIGNAL_SQUARED[t][:, None, None, None]
    return a2.sqrt(), (1 - a2).sqrt()


def levels_config():
    """What every scheduler_config.json says of the noise levels."""
    return {
        "_diffusers_version": "0.40.0",
        "beta_end": BETA_END,
        "beta_schedule": "linear",
        "beta_start": BETA_START,
        "clip_sample": False,
        "num_train_timesteps": TRAIN_STEPS,
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": False,
        "trained_betas": None,
    }


def ddim_config():
    """Trailing: sampling begins at t = 999, where the network knows pure noise."""
    return dict(levels_config(), _class_name="DDIMScheduler", set_alpha_to_one=False, steps_offset=1,
                timestep_spacing="trailing")


def lcm_config():
    return dict(levels_config(), _class_name="LCMScheduler", original_inference_steps=KNOWN_TIMES,
                set_alpha_to_one=True, steps_offset=0, thresholding=False, timestep_scaling=10.0,
                timestep_spacing="leading")


@torch.no_grad()
def ddim(predict, x, steps):
    """Song et al. 2021 without noise, trailing time steps. predict(x, t [B]) -> v; x: noise [B, C, H, W]."""
    times = [round(TRAIN_STEPS - i * TRAIN_STEPS / steps) - 1 for i in range(steps)]
    for t, after in zip(times, times[1:] + [None]):
        now = torch.full((len(x),), t)
        a, s = shares(now)
        v = predict(x, now)
        picture, noise = a * x - s * v, s * x + a * v
        a, s = shares(now * 0 + (0 if after is None else after))
        x = a * picture + s * noise
    return x


@torch.no_grad()
def lcm(predict, x, steps, generator):
    """Luo et al. 2023, multistep: each step says the picture, then mixes fresh noise in up to the next time. predict and
    x as in ddim; the times are some of KNOWN_TIMES equal ones, the last one first."""
    times = [(KNOWN_TIMES - i * KNOWN_TIMES // steps) * TRAIN_STEPS // KNOWN_TIMES - 1 for i in range(steps)]
    for t, after in zip(times, times[1:] + [None]):
        now = torch.full((len(x),), t)
        a, s = shares(now)
        picture = a * x - s * predict(x, now)
        if after is None:
            return picture
        a, s = shares(torch.full((len(x),), after))
        x = a * picture + s * torch.randn(x.shape, generator=generator)


def guided(unet, context, empty, guidance):
    """predict() with classifier-free guidance (Ho and Salimans 2022). context [B, T, D], empty [1, T, D]."""
    both = torch.cat([empty.expand_as(context), context])

    def predict(x, t):
        if guidance == 1:
            return unet(x, t, context)
        without, with_prompt = unet(torch.cat([x, x]), torch.cat([t, t]), both).chunk(2)
        return without + guidance * (with_prompt - without)

    return predict
