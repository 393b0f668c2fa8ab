#!/usr/bin/env python3
"""How a picture's cost grows with its size: draws what `alice bench` found at several sizes.

    alice bench --size 256 --json 256.json ...; plot_sizes.py 256.json 512.json 768.json 1024.json --out sizes.png

Above, seconds of a step with guidance and of decoding over the operations that they have; the lines are the floor,
operations over the processor's peak. Below, how many times its floor each takes, and peak memory."""
import argparse
import json

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the kind of output must be chosen first)

COLOURS = {"float32": "tab:blue", "bfloat16": "tab:green", "int8": "tab:red"}


def read(path):
    with open(path) as file:
        return json.load(file)


def operations(precision, stage):
    """GFLOP of a stage, by the direct algorithm."""
    return sum(kind["gflop"] for kind in precision["kinds"][stage].values())


def plot_seconds(axes, runs, stage, key, title):
    for name, colour in COLOURS.items():
        rows = [(run, run["precisions"][name]) for run in runs if name in run["precisions"]]
        work = [operations(row, stage) for _, row in rows]
        axes.loglog(work, [row[key + "_seconds"] for _, row in rows], "o", color=colour, label=name)
        axes.loglog(work, [gflop / row["peak_gflops"] for gflop, (_, row) in zip(work, rows)], "-", color=colour, lw=1)
    # The sizes, once: every precision has the same operations.
    for gflop, (run, row) in zip(work, rows):
        axes.annotate(str(run["size"]), (gflop, row[key + "_seconds"]), textcoords="offset points", xytext=(6, -12))
    axes.set(title=title, xlabel="GFLOP", ylabel="seconds")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend()


def plot_ratios(axes, runs):
    for name, colour in COLOURS.items():
        rows = [(run["size"], run["precisions"][name]) for run in runs if name in run["precisions"]]
        sizes = [size for size, _ in rows]
        axes.plot(sizes, [row["step_over_floor"] for _, row in rows], "o-", color=colour, label=name + ", step")
        axes.plot(sizes, [row["vae_over_floor"] for _, row in rows], "s--", color=colour, label=name + ", decoding")
    axes.set(title="times the floor", xlabel="side in pixels", xticks=sizes, ylim=(0, None))
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize="small", ncol=3, loc="lower center")


def plot_memory(axes, runs):
    for name, colour in COLOURS.items():
        rows = [(run["size"], run["precisions"][name]) for run in runs if name in run["precisions"]]
        sizes = [size for size, _ in rows]
        axes.plot(sizes, [row["peak_rss_bytes"] / 1e9 for _, row in rows], "o-", color=colour, label=name)
    axes.set(title="peak memory, GB", xlabel="side in pixels", xticks=sizes, ylim=(0, None))
    axes.grid(True, alpha=0.3)
    axes.legend()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="+", help="what alice bench --json wrote, a file a size")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    runs = sorted((read(path) for path in args.figures), key=lambda run: run["size"])
    figure, axes = pyplot.subplots(2, 2, figsize=(11, 8.5), constrained_layout=True)
    plot_seconds(axes[0][0], runs, "step", "step", "a step with guidance")
    plot_seconds(axes[0][1], runs, "vae", "vae", "decoding")
    plot_ratios(axes[1][0], runs)
    plot_memory(axes[1][1], runs)
    figure.savefig(args.out, dpi=80)


if __name__ == "__main__":
    main()
