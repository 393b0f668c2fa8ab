"""Makes a golden set of diffusers' schedulers with options drawn by chance, in the form of the first set's
schedulers/: what the reference itself does with many combinations. Needs torch, numpy, scipy, torchsde and diffusers.

    python3 tools/goldens/scheduler_options.py tests/data/goldens/schedulers tests/data/goldens_options/schedulers
"""
import inspect
import json
import pathlib
import random
import sys

import diffusers
import numpy
import torch
from safetensors.torch import load_file, save_file

SLOPE = 0.3
PER_CLASS = 8
STABLE_DIFFUSION = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
#: Not squaredcos_cap_v2: its sigmas of thousands show the reference's own float32 rounding.
BETAS = [STABLE_DIFFUSION, STABLE_DIFFUSION, {}, {"beta_schedule": "linear", "num_train_timesteps": 500}]
BOOLEANS = [True, False]
SPACED = {"timestep_spacing": ["linspace", "leading", "trailing"], "steps_offset": [0, 1, 3]}
PREDICTIONS = ["epsilon", "v_prediction"]
THREE_PREDICTIONS = PREDICTIONS + ["sample"]
THRESHOLDING = {"thresholding": [True, False, False], "dynamic_thresholding_ratio": [0.9, 0.995],
                "sample_max_value": [1, 2.5]}
SIGMAS = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"]
FINAL = {"final_sigmas_type": ["zero", "sigma_min"]}
VARIANCE = {"variance_type": [None, None, "fixed_small"]}
ZERO_SNR = {"rescale_betas_zero_snr": BOOLEANS}
CLIP = {"clip_sample": [True, False, False], "clip_sample_range": [1.0, 2.0]}
#: Below Stable Diffusion's least, -2.68: where it clips, the reference makes fewer steps than asked for.
LAMBDA = {"lambda_min_clipped": [-float("inf"), -float("inf"), -5.1]}

#: For each class: options to draw from, whether one of SIGMAS may be drawn, whether it knows flow matching.
CLASSES = {
    "DDIMScheduler": ({**SPACED, **THRESHOLDING, **CLIP, **ZERO_SNR, "set_alpha_to_one": BOOLEANS,
                       "prediction_type": THREE_PREDICTIONS}, False, False),
    "DDPMScheduler": ({**SPACED, **THRESHOLDING, **CLIP, **ZERO_SNR, "prediction_type": THREE_PREDICTIONS,
                       "variance_type": ["fixed_small", "fixed_small_log", "fixed_large"]}, False, False),
    "PNDMScheduler": ({**SPACED, "skip_prk_steps": BOOLEANS, "set_alpha_to_one": BOOLEANS,
                       "prediction_type": PREDICTIONS}, False, False),
    "LMSDiscreteScheduler": ({**SPACED, "prediction_type": PREDICTIONS}, True, False),
    "EulerDiscreteScheduler": (
        {**SPACED, **FINAL, **ZERO_SNR, "prediction_type": PREDICTIONS, "sigma_min": [None, None, 0.05],
         "sigma_max": [None, None, 12.0], "interpolation_type": ["linear", "linear", "log_linear"],
         "timestep_type": ["discrete", "discrete", "continuous"]}, True, False),
    "EulerAncestralDiscreteScheduler": ({**SPACED, **ZERO_SNR, "prediction_type": PREDICTIONS}, False, False),
    "HeunDiscreteScheduler": ({**SPACED, **CLIP, "prediction_type": PREDICTIONS}, True, False),
    "KDPM2DiscreteScheduler": ({**SPACED, "prediction_type": PREDICTIONS}, True, False),
    "KDPM2AncestralDiscreteScheduler": ({**SPACED, "prediction_type": PREDICTIONS}, True, False),
    "DPMSolverSDEScheduler": ({**SPACED, "prediction_type": PREDICTIONS}, True, False),
    "DPMSolverMultistepScheduler": (
        {**SPACED, **THRESHOLDING, **FINAL, **VARIANCE, **ZERO_SNR, **LAMBDA, "solver_order": [1, 2, 3],
         "prediction_type": THREE_PREDICTIONS,
         "algorithm_type": ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"],
         "solver_type": ["midpoint", "heun"], "lower_order_final": BOOLEANS, "euler_at_final": BOOLEANS}, True, True),
    "DPMSolverSinglestepScheduler": (
        {**THRESHOLDING, **FINAL, **VARIANCE, **LAMBDA, "solver_order": [1, 2, 3], "prediction_type": THREE_PREDICTIONS,
         "algorithm_type": ["dpmsolver", "dpmsolver++", "sde-dpmsolver++"], "solver_type": ["midpoint", "heun"],
         "lower_order_final": BOOLEANS}, True, True),
    "UniPCMultistepScheduler": (
        {**SPACED, **THRESHOLDING, **FINAL, **ZERO_SNR, "solver_order": [1, 2, 3], "predict_x0": [True, True, False],
         "solver_type": ["bh1", "bh2"], "lower_order_final": BOOLEANS, "disable_corrector": [[], [0], [1, 2]],
         "prediction_type": THREE_PREDICTIONS}, True, True),
    "DEISMultistepScheduler": (
        {**SPACED, **THRESHOLDING, "solver_order": [1, 2, 3], "prediction_type": THREE_PREDICTIONS,
         "algorithm_type": ["deis", "dpmsolver++"], "solver_type": ["logrho", "midpoint"],
         "lower_order_final": BOOLEANS}, True, True),
    "SASolverScheduler": (
        {**SPACED, **THRESHOLDING, **VARIANCE, **LAMBDA, "predictor_order": [1, 2, 3], "corrector_order": [1, 2, 3],
         "prediction_type": THREE_PREDICTIONS, "algorithm_type": ["data_prediction", "noise_prediction"],
         "lower_order_final": BOOLEANS}, True, True),
    "LCMScheduler": ({**THRESHOLDING, **CLIP, **ZERO_SNR, "original_inference_steps": [50, 100],
                      "timestep_scaling": [10.0, 5.0], "prediction_type": PREDICTIONS}, False, False),
    "TCDScheduler": ({**ZERO_SNR, "original_inference_steps": [50, 100], "prediction_type": PREDICTIONS}, False, False),
    "EDMEulerScheduler": (
        {"sigma_min": [0.002, 0.01], "sigma_max": [80.0, 40.0], "sigma_data": [0.5, 1.0], "rho": [7.0, 5.0],
         "sigma_schedule": ["karras", "exponential"], **FINAL, "prediction_type": PREDICTIONS}, False, False),
    "EDMDPMSolverMultistepScheduler": (
        {"sigma_min": [0.002, 0.01], "sigma_max": [80.0, 40.0], "sigma_data": [0.5, 1.0], "rho": [7.0, 5.0],
         "sigma_schedule": ["karras", "exponential"], **FINAL, **THRESHOLDING, "solver_order": [1, 2, 3],
         "algorithm_type": ["dpmsolver++", "sde-dpmsolver++"], "solver_type": ["midpoint", "heun"],
         "lower_order_final": BOOLEANS, "euler_at_final": BOOLEANS, "prediction_type": PREDICTIONS}, False, False),
    "IPNDMScheduler": ({}, False, False),
}


class Bank:
    """Deals noise in the order of a list, whoever draws."""

    def __init__(self, tensors):
        self.tensors, self.used = tensors, 0

    def __call__(self, *_, **__):
        self.used += 1
        return self.tensors[self.used - 1].clone()


def draw_config(rng, options, spaced, flows):
    config = dict(rng.choice(BETAS)) if "sigma_data" not in options and options else {}
    for name, values in options.items():
        if rng.random() < 0.7:
            value = rng.choice(values)
            if value is not None:
                config[name] = value
    if spaced and rng.random() < 0.6:
        config[rng.choice(SIGMAS)] = True
    if flows and rng.random() < 0.2:
        for name in ("rescale_betas_zero_snr", "lambda_min_clipped", "beta_schedule", "beta_start", "beta_end"):
            config.pop(name, None)
        config.update(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=rng.choice([1.0, 3.0]))
    if "sigma_max" in options or not (options.keys() - SPACED.keys() - ZERO_SNR.keys() - {"prediction_type"}):
        config.pop("rescale_betas_zero_snr", None)  # sigmas of thousands: the reference's float32 rounding shows
    if config.get("solver_order") == 3 and "use_beta_sigmas" in config:
        del config["use_beta_sigmas"]  # levels that are near each other: its float32 coefficients cancel
    if config.get("algorithm_type") == "noise_prediction":
        for spread in SIGMAS:
            config.pop(spread, None)  # its float32 exponentials of long steps round to a last digit of 1e-5
    if config.get("predict_x0") is False:
        config.pop("thresholding", None)  # the reference passes over it
    if config.get("rescale_betas_zero_snr"):  # pure noise says nothing of the picture to a network that predicts noise
        config["prediction_type"] = "v_prediction"
    return config


def run(scheduler, name, config, steps, begin, tensors):
    module = sys.modules[type(scheduler).__module__]
    bank = Bank(tensors["bank"])
    module.randn_tensor = bank
    scheduler.set_timesteps(steps)
    if name == "DPMSolverSDEScheduler":
        module.BrownianTreeNoiseSampler = lambda *a, **k: bank
    times = scheduler.timesteps
    order = scheduler.order
    if len(times) != steps * order - (order - 1) and name != "PNDMScheduler":
        raise ValueError("another number of calls")
    initial = float(scheduler.init_noise_sigma)
    ours = times[begin * order:]
    if begin and config.get("use_flow_sigmas") and name == "SASolverScheduler":
        raise ValueError("gives a flow's picture the noise of betas")
    if begin:
        scheduler.set_begin_index(begin * order) if hasattr(scheduler, "set_begin_index") else None
        x = scheduler.add_noise(tensors["x0"], tensors["n0"], ours[:1])
    else:
        x = tensors["n0"] * initial
    seen = {"first": x.clone(), "in": [], "out": []}
    sigmas = [float(s) for s in scheduler.sigmas] if hasattr(scheduler, "sigmas") else None
    for j, t in enumerate(ours):
        shown = scheduler.scale_model_input(x, t)
        seen["in"].append(shown.clone())
        x = scheduler.step(SLOPE * shown + tensors["b"][j], t, x).prev_sample
        seen["out"].append(x.clone())
    seen["in"], seen["out"] = torch.stack(seen["in"]), torch.stack(seen["out"])
    if not all(torch.isfinite(value).all() for value in seen.values()) or seen["out"].abs().max() > 1e4:
        raise ValueError("not finite")
    if sigmas and order == 1:
        sigmas = sigmas[:steps + 1]  # log_linear has one more
    case = {"cls": name, "config": config, "n": steps, "set_timesteps": {}, "step": {}, "begin": begin, "order": order,
            "noise_used": bank.used, "init_noise_sigma": initial, "timesteps": [float(t) for t in times],
            "sigmas": sigmas}
    if name in ("IPNDMScheduler", "PNDMScheduler", "DDIMScheduler", "DDPMScheduler", "LCMScheduler", "TCDScheduler"):
        case["sigmas"] = None
    return case, seen


def main(source, target, per_class=PER_CLASS):
    tensors = load_file(pathlib.Path(source) / "traces.safetensors")
    shared = {name: tensors[name] for name in ("x0", "n0", "b", "bank")}
    rng = random.Random(7)
    cases, traces = [], dict(shared)
    for name, (options, spaced, flows) in CLASSES.items():
        made = attempts = 0
        while made < (int(per_class) if options else 2) and attempts < 1000:
            attempts += 1
            config = draw_config(rng, options, spaced, flows)
            few = name in ("LCMScheduler", "TCDScheduler")
            steps = rng.choice([1, 2, 4, 6]) if few else rng.choice([2, 3, 4, 6, 7, 10, 16])
            whole = few or steps <= 3 or name in ("PNDMScheduler", "IPNDMScheduler")
            begin = 0 if whole else rng.choice([0, 0, 1])
            known = inspect.signature(getattr(diffusers, name).__init__).parameters
            config = {key: value for key, value in config.items() if key in known}
            try:
                case, seen = run(getattr(diffusers, name)(**config), name, config, steps, begin, shared)
            except (ValueError, AssertionError, LookupError, TypeError, RuntimeError, AttributeError,
                    NameError) as error:
                print("refused", name, steps, config, str(error)[:90], file=sys.stderr)
                continue
            case = {"id": f"{len(cases):03d}", **case}
            if case["config"].get("lambda_min_clipped") == -float("inf"):
                del case["config"]["lambda_min_clipped"]
            cases.append(case)
            traces.update({f"{case['id']}/{key}": value.contiguous() for key, value in seen.items()})
            made += 1
        print(name, made, "of", attempts, file=sys.stderr)
    folder = pathlib.Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.json").write_text(json.dumps({"A": SLOPE, "cases": cases}, separators=(",", ":")))
    save_file(traces, folder / "traces.safetensors")


if __name__ == "__main__":
    numpy.seterr(all="ignore")
    main(*sys.argv[1:4])
