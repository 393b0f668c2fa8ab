"""The names that single files of Stable Diffusion give to a folder's tensors: name -> what it is made of."""


def unet_names(config, by_threes):
    """name -> ours. by_threes: as diffusers' script (convert_diffusers_to_original_stable_diffusion.py) counts blocks,
    from a multiple of three on for each level, however few it has; else one after another. The script leaves the
    attentions of the coarsest level's way up as they are, for SD 1.x has none there."""
    out = {}

    def module(theirs, ours, has_bias=True):
        out[theirs + ".weight"] = ours + ".weight"
        if has_bias:
            out[theirs + ".bias"] = ours + ".bias"

    def resnet(theirs, ours, changes_width):
        for a, b in (("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"),
                     ("out_layers.0", "norm2"), ("out_layers.3", "conv2")):
            module(f"{theirs}.{a}", f"{ours}.{b}")
        if changes_width:
            module(f"{theirs}.skip_connection", f"{ours}.conv_shortcut")

    def attention(theirs, ours, depth):
        for name in ("norm", "proj_in", "proj_out"):
            module(f"{theirs}.{name}", f"{ours}.{name}")
        for k in range(depth):
            block = f".transformer_blocks.{k}."
            for name in ("norm1", "norm2", "norm3", "attn1.to_out.0", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"):
                module(theirs + block + name, ours + block + name)
            for name in ("attn1", "attn2"):
                for to in ("to_q", "to_k", "to_v"):
                    module(f"{theirs}{block}{name}.{to}", f"{ours}{block}{name}.{to}", False)

    widths, layers = config["block_out_channels"], config["layers_per_block"]
    levels = len(widths)
    down = config.get("transformer_layers_per_block", 1)
    down = down if isinstance(down, list) else [down] * levels
    up = config.get("reverse_transformer_layers_per_block") or down[::-1]
    depth = lambda one, j: one[j] if isinstance(one, list) else one
    module("input_blocks.0.0", "conv_in")
    module("time_embed.0", "time_embedding.linear_1")
    module("time_embed.2", "time_embedding.linear_2")
    if config.get("addition_embed_type"):
        module("label_emb.0.0", "add_embedding.linear_1")
        module("label_emb.0.2", "add_embedding.linear_2")
    module("out.0", "conv_norm_out")
    module("out.2", "conv_out")

    step = 3 if by_threes else layers + 1
    width = widths[0]
    for i in range(levels):
        for j in range(layers):
            theirs = f"input_blocks.{step * i + j + 1}"
            resnet(f"{theirs}.0", f"down_blocks.{i}.resnets.{j}", width != widths[i])
            if config["down_block_types"][i].startswith("Cross"):
                attention(f"{theirs}.1", f"down_blocks.{i}.attentions.{j}", depth(down[i], j))
            width = widths[i]
        if i + 1 < levels:
            module(f"input_blocks.{step * (i + 1)}.0.op", f"down_blocks.{i}.downsamplers.0.conv")

    middle = config.get("mid_block_type", "UNetMidBlock2DCrossAttn")
    if middle:
        resnet("middle_block.0", "mid_block.resnets.0", False)
    if middle == "UNetMidBlock2DCrossAttn":
        attention("middle_block.1", "mid_block.attentions.0", depth(down[-1], 0))
        resnet("middle_block.2", "mid_block.resnets.1", False)

    for i in range(levels):
        attends = config["up_block_types"][i].startswith("Cross")
        for j in range(layers + 1):
            theirs, ours = f"output_blocks.{step * i + j}", f"up_blocks.{i}"
            resnet(f"{theirs}.0", f"{ours}.resnets.{j}", True)  # what the way down left is joined
            if attends:
                left = by_threes and i == 0
                attention(f"{ours}.attentions.{j}" if left else f"{theirs}.1", f"{ours}.attentions.{j}",
                          depth(up[i], j))
        if i + 1 < levels:
            part = (1 if i == 0 else 2) if by_threes else (2 if attends else 1)
            module(f"output_blocks.{step * (i + 1) - 1}.{part}.conv", f"up_blocks.{i}.upsamplers.0.conv")
    return out


def vae_names(config):
    """name -> [operation, ours]."""
    out = {}

    def module(theirs, ours, operation="copy"):
        out[theirs + ".weight"] = [operation, ours + ".weight"]
        out[theirs + ".bias"] = ["copy", ours + ".bias"]

    def resnet(theirs, ours, changes_width):
        for name in ("norm1", "conv1", "norm2", "conv2"):
            module(f"{theirs}.{name}", f"{ours}.{name}")
        if changes_width:
            module(f"{theirs}.nin_shortcut", f"{ours}.conv_shortcut")

    widths, layers = config["block_out_channels"], config["layers_per_block"]
    levels = len(widths)
    for side in ("encoder", "decoder"):
        for theirs, ours in (("conv_in", "conv_in"), ("norm_out", "conv_norm_out"), ("conv_out", "conv_out")):
            module(f"{side}.{theirs}", f"{side}.{ours}")
        for j in range(2):
            resnet(f"{side}.mid.block_{j + 1}", f"{side}.mid_block.resnets.{j}", False)
        module(f"{side}.mid.attn_1.norm", f"{side}.mid_block.attentions.0.group_norm")
        for theirs, ours in (("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")):
            module(f"{side}.mid.attn_1.{theirs}", f"{side}.mid_block.attentions.0.{ours}", "conv1x1")
    for i in range(levels):
        for j in range(layers):
            resnet(f"encoder.down.{i}.block.{j}", f"encoder.down_blocks.{i}.resnets.{j}",
                   j == 0 and i > 0 and widths[i] != widths[i - 1])
        for j in range(layers + 1):
            above = levels - 1 - i
            resnet(f"decoder.up.{above}.block.{j}", f"decoder.up_blocks.{i}.resnets.{j}",
                   j == 0 and i > 0 and widths[above] != widths[above + 1])
        if i + 1 < levels:
            module(f"encoder.down.{i}.downsample.conv", f"encoder.down_blocks.{i}.downsamplers.0.conv")
            module(f"decoder.up.{levels - 1 - i}.upsample.conv", f"decoder.up_blocks.{i}.upsamplers.0.conv")
    module("quant_conv", "quant_conv")
    module("post_quant_conv", "post_quant_conv")
    return out


def clip_names(layers=3):
    """name -> ours: a text encoder as transformers names it."""
    out = ["embeddings.position_embedding.weight", "embeddings.token_embedding.weight", "final_layer_norm.weight",
           "final_layer_norm.bias"]
    for k in range(layers):
        for name in ("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2", "self_attn.q_proj", "self_attn.k_proj",
                     "self_attn.v_proj", "self_attn.out_proj"):
            out += [f"encoder.layers.{k}.{name}.{kind}" for kind in ("weight", "bias")]
    return {"text_model." + name: "text_model." + name for name in out}


def open_clip_names(layers=3):
    """name -> [operation, ours...]: the same as OpenCLIP names it."""
    ours = "text_model."
    out = {"positional_embedding": ["copy", ours + "embeddings.position_embedding.weight"],
           "token_embedding.weight": ["copy", ours + "embeddings.token_embedding.weight"],
           "text_projection": ["transpose", "text_projection.weight"]}
    for kind in ("weight", "bias"):
        out[f"ln_final.{kind}"] = ["copy", f"{ours}final_layer_norm.{kind}"]
        for k in range(layers):
            theirs, layer = f"transformer.resblocks.{k}.", f"{ours}encoder.layers.{k}."
            for a, b in (("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"),
                         ("mlp.c_proj", "mlp.fc2"), ("attn.out_proj", "self_attn.out_proj")):
                out[f"{theirs}{a}.{kind}"] = ["copy", f"{layer}{b}.{kind}"]
            out[f"{theirs}attn.in_proj_{kind}"] = ["stack"] + [f"{layer}self_attn.{to}_proj.{kind}" for to in "qkv"]
    return out


def under(root, part, names):
    """name -> [operation, PART/ours...], as `check compat` reads it."""
    out = {}
    for theirs, made in names.items():
        operation, *ours = made if isinstance(made, list) else ["copy", made]
        out[root + theirs] = [operation] + [f"{part}/{name}" for name in ours]
    return out


def rest_names(vae, has_two_encoders):
    """The same of all that lies beside the network."""
    out = under("first_stage_model.", "vae", vae_names(vae))
    if not has_two_encoders:
        return {**out, **under("cond_stage_model.transformer.", "text_encoder", clip_names())}
    return {**out, **under("conditioner.embedders.0.transformer.", "text_encoder", clip_names()),
            **under("conditioner.embedders.1.model.", "text_encoder_2", open_clip_names())}
