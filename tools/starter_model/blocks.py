"""Blocks that the autoencoder and the UNet share. Attribute names are the tensor names of diffusers' layout
(down_blocks.0.resnets.0.conv1.weight ...), so that a state_dict is the file."""
import torch
from torch import nn
from torch.nn import functional as F


class Resnet(nn.Module):
    """He et al. 2016 with pre-norm: x + conv(silu(norm(conv(silu(norm(x))) + time)))."""

    def __init__(self, channels_in, channels, groups, eps, time_width=None):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels_in, eps=eps)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        if time_width is not None:
            self.time_emb_proj = nn.Linear(time_width, channels)
        self.norm2 = nn.GroupNorm(groups, channels, eps=eps)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        if channels_in != channels:
            self.conv_shortcut = nn.Conv2d(channels_in, channels, 1)

    def forward(self, x, time=None):  # time: [B, time_width], silu already taken
        h = self.conv1(F.silu(self.norm1(x)))
        if time is not None:
            h = h + self.time_emb_proj(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Downsample(nn.Module):
    """A halving convolution. padding 0: the autoencoder's, which pads right and below only."""

    def __init__(self, channels, padding):
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=padding)

    def forward(self, x):
        return self.conv(x if self.padding else F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Nearest neighbour, then a convolution."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def attend(query, key, value, heads, causal=False):
    """Scaled dot product attention. [B, T, C], [B, S, C], [B, S, C] -> [B, T, C]."""
    batch, length, width = query.shape
    query, key, value = (x.view(batch, -1, heads, width // heads).transpose(1, 2) for x in (query, key, value))
    scores = (query * (width // heads) ** -0.5) @ key.transpose(-1, -2)
    if causal:
        scores = scores + torch.full((length, length), float("-inf")).triu(1)
    return (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, width)


def start_at_zero(layer):
    """A residual branch that begins as nothing: deep stacks train sooner (Goyal et al. 2017, section 5.1)."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
