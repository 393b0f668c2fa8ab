"""Distils the trained model into `sd/emoji-turbo`: 1 to 4 steps, without guidance.

Consistency distillation (Song et al. 2023) in latents with the guidance baked in (Luo et al. 2023, LCM): the student
says from any point of a path what the picture at its end is. Two points of one path have one end: the teacher makes a
guided step of DDIM from t to an earlier time, and the student learns to say at t what its own slow copy says there.
Only the UNet is trained: the text encoder, whose states guide both, stays the base model's, and so does its file.
"""
import numpy
import torch

from .choice import chosen_emoji
from .captions import Captions
from .latents import load_vae
from .noise import KNOWN_TIMES, TRAIN_STEPS, guided, lcm, shares
from .pictures import render
from .run_state import Average, Run, cosine, take_step
from .scenes import Stage
from .text_encoder import POSITIONS
from .train_unet import load_lesson, load_trained
from .trial import Trial

GRID = TRAIN_STEPS // KNOWN_TIMES
JUMP = 2 * GRID  # the teacher's step: short enough for DDIM, long enough for 25 jumps from noise to picture
GUIDANCE = 3.0
PEAK_RATE, LOW_RATE, WARM_UP = 3e-4, 1e-5, 50
TARGET, AVERAGE = 0.95, 0.995  # of the copy that answers for the end, and of what is kept
SOFT = 0.03  # where the loss turns from squared to absolute: absolute keeps edges
SAMPLING_STEPS, TRIAL_EVERY = 4, 500


def soft_absolute(difference):
    """Pseudo-Huber (Song and Dhariwal 2023, section 3.3)."""
    return ((difference.square() + SOFT**2).sqrt() - SOFT).mean()


def end_of(v, x, t):
    """The picture that the prediction v for x at t means. LCM's boundary scaling is 1 to within 4e-6 from t = 19 on."""
    a, s = shares(t)
    return a * x - s * v


@torch.no_grad()
def one_step_back(predict, x, t):
    """DDIM from t to t - JUMP: (x there, the picture as seen from t). Before time 0 both are the picture."""
    a, s = shares(t)
    v = predict(x, t)
    picture, noise = a * x - s * v, s * x + a * v
    earlier = t - JUMP
    a, s = shares(earlier.clamp(min=0))
    clean = (earlier < 0)[:, None, None, None]
    return torch.where(clean, picture, a * picture + s * noise), picture


def train_turbo(state, name, teacher_run, steps, hours):
    torch.manual_seed(4)
    random = numpy.random.default_rng(4)
    run, step = Run(state, name, hours), 0
    teacher, trained = load_trained(state, teacher_run)
    emoji = chosen_emoji()
    lesson = load_lesson(state, trained, emoji, Captions(emoji))
    student, target = load_trained(state, teacher_run)[0], load_trained(state, teacher_run)[0]
    student.unet.requires_grad_(True)
    optimiser = torch.optim.AdamW(student.unet.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=0)
    average = Average(student.unet, AVERAGE)

    saved = run.load()
    if saved:
        student.unet.load_state_dict(saved["weights"])
        target.unet.load_state_dict(saved["target"])
        average.values, step = saved["average"], saved["step"]
        optimiser.load_state_dict(saved["optimiser"])
        torch.set_rng_state(saved["torch_random"])
        random.bit_generator.state = saved["numpy_random"]
    run.log(f"distils {teacher_run} (its step {trained['step']}), step {step} of {steps}")
    trial = Trial(load_vae(state, trained["vae_run"]), lesson, Stage(render(emoji)), run)
    empty = teacher.text_encoder(torch.tensor([lesson.tokenizer.encode("")])).detach()

    def save():
        run.save(teacher_run=teacher_run, weights=student.unet.state_dict(), target=target.unet.state_dict(),
                 average=average.values, optimiser=optimiser.state_dict(), step=step,
                 torch_random=torch.get_rng_state(), numpy_random=random.bit_generator.state)

    def hold_trial():
        average.swap(student.unet)
        trial.hold(student, step, lambda context, noise: lcm(
            lambda x, t: student.unet(x, t, context), noise, SAMPLING_STEPS, torch.Generator().manual_seed(5)))
        average.swap(student.unet)

    losses = []
    while step < steps and run.tick():
        x0, ids = lesson.batch(random, POSITIONS)
        times = TRAIN_STEPS // GRID
        t = ((torch.randperm(len(x0)) + torch.rand(len(x0))) / len(x0) * times).long() * GRID + GRID - 1
        a, s = shares(t)
        x = a * x0 + s * torch.randn_like(x0)
        with torch.no_grad():
            context = teacher.text_encoder(ids)
            back, picture = one_step_back(guided(teacher.unet, context, empty, GUIDANCE), x, t)
            earlier = t - JUMP
            said = end_of(target.unet(back, earlier.clamp(min=0), context), back, earlier.clamp(min=0))
            end = torch.where((earlier < 0)[:, None, None, None], picture, said)
        loss = soft_absolute(end_of(student.unet(x, t, context), x, t) - end)
        take_step(optimiser, loss, cosine(step, steps, PEAK_RATE, LOW_RATE, WARM_UP))
        step += 1
        average.update(student.unet, step)
        with torch.no_grad():
            for slow, parameter in zip(target.unet.parameters(), student.unet.parameters()):
                slow.lerp_(parameter, 1 - TARGET)
        losses.append(loss.item())
        if step % 50 == 0:
            run.log(f"step {step}, loss {numpy.mean(losses[-50:]):.4f}")
        if run.save_due:
            save()
        if step % TRIAL_EVERY == 0:
            hold_trial()
        del losses[:-50]
    save()
    hold_trial()
    run.log("done" if step >= steps else "stopped")
