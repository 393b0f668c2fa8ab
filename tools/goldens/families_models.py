"""The UNets of families.py, as config.json says them: the published ones' structure, tiny widths."""

import torch

SCALED = "tiny_scaled"
CROSS_DOWN, PLAIN_DOWN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, PLAIN_UP = "CrossAttnUpBlock2D", "UpBlock2D"

COMMON = {"act_fn": "silu", "in_channels": 4, "out_channels": 4, "sample_size": 16, "norm_num_groups": 4,
          "cross_attention_dim": 8, "layers_per_block": 1}
TOLD_SIZES = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8,
              "projection_class_embeddings_input_dim": 56, "cross_attention_dim": 16, "use_linear_projection": True,
              "down_block_types": [PLAIN_DOWN, CROSS_DOWN, CROSS_DOWN],
              "up_block_types": [CROSS_UP, CROSS_UP, PLAIN_UP]}
# SSD-1B and Vega: two blocks a level as SDXL, one residual block in the middle
DISTILLED_XL = {**COMMON, **TOLD_SIZES, "block_out_channels": [8, 16, 8], "attention_head_dim": [1, 4, 2],
                "layers_per_block": 2, "mid_block_type": "UNetMidBlock2D"}
# BK-SDM: one block a level, convolutions around its transformers
BK = {**COMMON, "block_out_channels": [8, 16, 8, 8], "attention_head_dim": 4,
      "down_block_types": [CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, PLAIN_DOWN],
      "up_block_types": [PLAIN_UP, CROSS_UP, CROSS_UP, CROSS_UP]}

MODELS = {
    "tiny_sd2_inpaint": {**COMMON, "in_channels": 9, "block_out_channels": [8, 16], "attention_head_dim": [2, 4],
                         "down_block_types": [CROSS_DOWN, PLAIN_DOWN], "up_block_types": [PLAIN_UP, CROSS_UP],
                         "use_linear_projection": True, "upcast_attention": True},
    "tiny_sdxl_inpaint": {**COMMON, **TOLD_SIZES, "in_channels": 9, "block_out_channels": [8, 8, 16],
                          "attention_head_dim": [1, 2, 4], "transformer_layers_per_block": [1, 1, 2]},
    "tiny_ssd1b": {**DISTILLED_XL, "transformer_layers_per_block": [1, [2, 2], [4, 4]],
                   "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1]},
    "tiny_vega": {**DISTILLED_XL, "transformer_layers_per_block": [1, 1, 2]},
    "tiny_bk_base": BK,
    "tiny_bk_small": {**BK, "mid_block_type": None},
    "tiny_bk_tiny": {**BK, "mid_block_type": None, "block_out_channels": [8, 16, 8],
                     "down_block_types": [CROSS_DOWN] * 3, "up_block_types": [CROSS_UP] * 3},
    SCALED: {**COMMON, "block_out_channels": [8, 16], "attention_head_dim": [2, 4],
             "down_block_types": [CROSS_DOWN, PLAIN_DOWN], "up_block_types": [PLAIN_UP, CROSS_UP]},
}

LARGEST = 448.0  # of float8_e4m3fn


def scaled_weights(unet, names):
    """As ComfyUI writes networks in eight bits: matrices in float8_e4m3fn, each with a scale of its own, the rest as it
    was, and the mark. The network is left with what these numbers mean, so that it is the reference."""
    out = {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    weights = unet.state_dict()
    for theirs, ours in names.items():
        weight = weights[ours]
        if weight.dim() != 2:
            out[theirs] = weight.half()
            continue
        scale = weight.abs().max() / LARGEST
        stored = (weight / scale).to(torch.float8_e4m3fn)
        out[theirs] = stored
        out[theirs[:-len("weight")] + "scale_weight"] = scale.reshape(1).float()
        weights[ours] = stored.float() * scale
    unet.load_state_dict(weights)
    return out
