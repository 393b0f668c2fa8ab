"""AutoencoderKL of Stable Diffusion (Rombach et al. 2022), with few levels: 2 levels halve once, 3 levels twice."""
import torch
from torch import nn
from torch.nn import functional as F

from .blocks import Downsample, Resnet, Upsample, attend

EPS = 1e-6


class MidAttention(nn.Module):
    """One head over all places."""

    def __init__(self, channels, groups):
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps=EPS)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels), nn.Dropout(0.0)])

    def forward(self, x):
        batch, channels, height, width = x.shape
        places = self.group_norm(x).view(batch, channels, -1).transpose(1, 2)
        mixed = self.to_out[0](attend(self.to_q(places), self.to_k(places), self.to_v(places), heads=1))
        return x + mixed.transpose(1, 2).reshape(x.shape)


class Mid(nn.Module):
    def __init__(self, channels, groups, attention):
        super().__init__()
        if attention:
            self.attentions = nn.ModuleList([MidAttention(channels, groups)])
        self.resnets = nn.ModuleList([Resnet(channels, channels, groups, EPS) for _ in range(2)])

    def forward(self, x):
        x = self.resnets[0](x)
        if hasattr(self, "attentions"):
            x = self.attentions[0](x)
        return self.resnets[1](x)


class Level(nn.Module):
    """Residual blocks of one size, and the way to the next: "down", "up" or None."""

    def __init__(self, channels_in, channels, layers, groups, way):
        super().__init__()
        widths = [channels_in] + [channels] * layers
        self.resnets = nn.ModuleList([Resnet(a, b, groups, EPS) for a, b in zip(widths, widths[1:])])
        if way == "down":
            self.downsamplers = nn.ModuleList([Downsample(channels, padding=0)])
        if way == "up":
            self.upsamplers = nn.ModuleList([Upsample(channels)])

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        for resize in getattr(self, "downsamplers", getattr(self, "upsamplers", [])):
            x = resize(x)
        return x


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths, groups, layers = config["block_out_channels"], config["norm_num_groups"], config["layers_per_block"]
        self.conv_in = nn.Conv2d(config["in_channels"], widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            Level(widths[max(i - 1, 0)], width, layers, groups, "down" if i + 1 < len(widths) else None)
            for i, width in enumerate(widths)
        )
        self.mid_block = Mid(widths[-1], groups, config["mid_block_add_attention"])
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=EPS)
        self.conv_out = nn.Conv2d(widths[-1], 2 * config["latent_channels"], 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths, groups = config["block_out_channels"][::-1], config["norm_num_groups"]
        layers = config["layers_per_block"]
        self.conv_in = nn.Conv2d(config["latent_channels"], widths[0], 3, padding=1)
        self.mid_block = Mid(widths[0], groups, config["mid_block_add_attention"])
        self.up_blocks = nn.ModuleList(
            Level(widths[max(i - 1, 0)], width, layers + 1, groups, "up" if i + 1 < len(widths) else None)
            for i, width in enumerate(widths)
        )
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], eps=EPS)
        self.conv_out = nn.Conv2d(widths[-1], config["out_channels"], 3, padding=1)

    def forward(self, x):
        x = self.mid_block(self.conv_in(x))
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class AutoencoderKL(nn.Module):
    """Pictures are [B, 3, H, W] in [-1, 1]; latents here are the raw ones, before scaling_factor."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        channels = config["latent_channels"]
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.quant_conv = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.post_quant_conv = nn.Conv2d(channels, channels, 1)

    def encode(self, pictures):
        """Mean and log variance of the latents."""
        mean, logvar = self.quant_conv(self.encoder(pictures)).chunk(2, dim=1)
        return mean, logvar.clamp(-30, 20)

    def decode(self, latents):
        return self.decoder(self.post_quant_conv(latents))


def vae_config(widths, attention=True):
    """config.json, with the keys of Stable Diffusion's."""
    return {
        "_class_name": "AutoencoderKL",
        "_diffusers_version": "0.40.0",
        "act_fn": "silu",
        "block_out_channels": list(widths),
        "down_block_types": ["DownEncoderBlock2D"] * len(widths),
        "force_upcast": True,
        "in_channels": 3,
        "latent_channels": 4,
        "latents_mean": None,
        "latents_std": None,
        "layers_per_block": 1,
        "mid_block_add_attention": attention,
        "norm_num_groups": 8,
        "out_channels": 3,
        "sample_size": 64,
        "scaling_factor": 1.0,
        "shift_factor": None,
        "up_block_types": ["UpDecoderBlock2D"] * len(widths),
        "use_post_quant_conv": True,
        "use_quant_conv": True,
    }


def settle_variance(vae, bias=-6.0):
    """Latents begin with hardly any noise: without it the first minutes are lost on a plateau at 12 to 14 dB."""
    channels = vae.config["latent_channels"]
    with torch.no_grad():
        vae.quant_conv.weight[channels:] *= 0.1
        vae.quant_conv.bias[channels:] = bias
