"""UNet2DConditionModel of Stable Diffusion 1.x: residual levels, some of which attend to the prompt's tokens."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from .blocks import Downsample, Resnet, Upsample, attend, start_at_zero

EPS = 1e-5
TRANSFORMER_EPS = 1e-6  # of the norm around a transformer; SD has another there


class Attention(nn.Module):
    def __init__(self, width, context_width, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width), nn.Dropout(0.0)])

    def forward(self, x, context):
        return self.to_out[0](attend(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class Gate(nn.Module):
    """GEGLU (Shazeer 2020): half of the projection opens the other half."""

    def __init__(self, width, inner):
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([Gate(width, 4 * width), nn.Dropout(0.0), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class TransformerBlock(nn.Module):
    def __init__(self, width, context_width, heads):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn1 = Attention(width, width, heads)
        self.attn2 = Attention(width, context_width, heads)
        self.ff = FeedForward(width)

    def forward(self, x, context):
        h = self.norm1(x)
        x = x + self.attn1(h, h)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    """Places of a map as tokens."""

    def __init__(self, channels, context_width, heads, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, eps=TRANSFORMER_EPS)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, context_width, heads)])
        self.proj_out = nn.Conv2d(channels, channels, 1)
        start_at_zero(self.proj_out)

    def forward(self, x, context):
        batch, channels, height, width = x.shape
        places = self.proj_in(self.norm(x)).view(batch, channels, -1).transpose(1, 2)
        places = self.transformer_blocks[0](places, context)
        return x + self.proj_out(places.transpose(1, 2).reshape(batch, channels, height, width))


class Level(nn.Module):
    """widths_in: channels that go into each residual block; those of the way up include the skip's."""

    def __init__(self, widths_in, channels, config, attends, heads, way):
        super().__init__()
        groups, context = config["norm_num_groups"], config["cross_attention_dim"]
        time_width = 4 * config["block_out_channels"][0]
        self.resnets = nn.ModuleList([Resnet(w, channels, groups, EPS, time_width) for w in widths_in])
        for resnet in self.resnets:
            start_at_zero(resnet.conv2)
        if attends:
            self.attentions = nn.ModuleList([Transformer(channels, context, heads, groups) for _ in widths_in])
        if way == "down":
            self.downsamplers = nn.ModuleList([Downsample(channels, padding=1)])
        if way == "up":
            self.upsamplers = nn.ModuleList([Upsample(channels)])

    def layer(self, i, x, time, context):
        x = self.resnets[i](x, time)
        return self.attentions[i](x, context) if hasattr(self, "attentions") else x


class Mid(nn.Module):
    def __init__(self, channels, config, heads):
        super().__init__()
        groups, context = config["norm_num_groups"], config["cross_attention_dim"]
        time_width = 4 * config["block_out_channels"][0]
        self.attentions = nn.ModuleList([Transformer(channels, context, heads, groups)])
        self.resnets = nn.ModuleList([Resnet(channels, channels, groups, EPS, time_width) for _ in range(2)])
        for resnet in self.resnets:
            start_at_zero(resnet.conv2)

    def forward(self, x, time, context):
        return self.resnets[1](self.attentions[0](self.resnets[0](x, time), context), time)


class TimeEmbedding(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.linear_1 = nn.Linear(channels, 4 * channels)
        self.linear_2 = nn.Linear(4 * channels, 4 * channels)

    def forward(self, waves):
        return self.linear_2(F.silu(self.linear_1(waves)))


def time_waves(t, channels):
    """Vaswani et al. 2017's positions, cosines first (flip_sin_to_cos), freq_shift 0. t [B] -> [B, channels]."""
    half = channels // 2
    angles = t.float()[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)[None]
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class UNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        widths, layers, groups = config["block_out_channels"], config["layers_per_block"], config["norm_num_groups"]
        heads, levels = config["attention_head_dim"], len(config["block_out_channels"])
        self.conv_in = nn.Conv2d(config["in_channels"], widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0])

        self.down_blocks = nn.ModuleList()
        for i, (width, kind) in enumerate(zip(widths, config["down_block_types"])):
            widths_in = [widths[max(i - 1, 0)]] + [width] * (layers - 1)
            way = "down" if i + 1 < levels else None
            self.down_blocks.append(Level(widths_in, width, config, kind.startswith("CrossAttn"), heads[i], way))

        self.mid_block = Mid(widths[-1], config, heads[-1])

        self.up_blocks = nn.ModuleList()
        for i, kind in zip(range(levels - 1, -1, -1), config["up_block_types"]):
            below = widths[min(i + 1, levels - 1)]
            skips = [widths[i]] * layers + [widths[max(i - 1, 0)]]
            widths_in = [skip + (widths[i] if j else below) for j, skip in enumerate(skips)]
            way = "up" if i else None
            self.up_blocks.append(Level(widths_in, widths[i], config, kind.startswith("CrossAttn"), heads[i], way))

        self.conv_norm_out = nn.GroupNorm(groups, widths[0], eps=EPS)
        self.conv_out = nn.Conv2d(widths[0], config["out_channels"], 3, padding=1)
        start_at_zero(self.conv_out)

    def forward(self, x, t, context):
        """x [B, 4, H, W], t [B] in 0..999, context [B, tokens, cross_attention_dim] -> the prediction, as x."""
        time = F.silu(self.time_embedding(time_waves(t, self.config["block_out_channels"][0])))
        x = self.conv_in(x)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, time, context)
                skips.append(x)
            for resize in getattr(block, "downsamplers", []):
                x = resize(x)
                skips.append(x)
        x = self.mid_block(x, time, context)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, torch.cat([x, skips.pop()], dim=1), time, context)
            for resize in getattr(block, "upsamplers", []):
                x = resize(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


def unet_config(widths, attends, heads, sample_size, context_width, layers=2):
    """config.json, with the keys of Stable Diffusion's. attends, heads: one a level, the finest first."""
    return {
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": "0.40.0",
        "act_fn": "silu",
        "addition_embed_type": None,
        "addition_embed_type_num_heads": 64,
        "addition_time_embed_dim": None,
        "attention_head_dim": list(heads),  # the number of heads: the name is an old mistake
        "attention_type": "default",
        "block_out_channels": list(widths),
        "center_input_sample": False,
        "class_embed_type": None,
        "class_embeddings_concat": False,
        "conv_in_kernel": 3,
        "conv_out_kernel": 3,
        "cross_attention_dim": context_width,
        "cross_attention_norm": None,
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "downsample_padding": 1,
        "dropout": 0.0,
        "dual_cross_attention": False,
        "encoder_hid_dim": None,
        "encoder_hid_dim_type": None,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 4,
        "layers_per_block": layers,
        "mid_block_only_cross_attention": None,
        "mid_block_scale_factor": 1,
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "norm_eps": EPS,
        "norm_num_groups": 8,
        "num_attention_heads": None,
        "num_class_embeds": None,
        "only_cross_attention": False,
        "out_channels": 4,
        "projection_class_embeddings_input_dim": None,
        "resnet_out_scale_factor": 1.0,
        "resnet_skip_time_act": False,
        "resnet_time_scale_shift": "default",
        "reverse_transformer_layers_per_block": None,
        "sample_size": sample_size,
        "time_cond_proj_dim": None,
        "time_embedding_act_fn": None,
        "time_embedding_dim": None,
        "time_embedding_type": "positional",
        "timestep_post_act": None,
        "transformer_layers_per_block": 1,
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        "upcast_attention": False,
        "use_linear_projection": False,
    }
