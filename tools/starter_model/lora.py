"""Low-rank adapters (Hu et al. 2021) on a module's linear layers and convolutions, and their files."""
import math

import torch
from torch import nn


class Adapted(nn.Module):
    """layer(x) + up(down(x)) alpha / rank. A convolution's down has its kernel, its up is 1x1 (as in LoCon)."""

    def __init__(self, layer, rank, alpha):
        super().__init__()
        self.layer, self.scale = layer, alpha / rank
        if isinstance(layer, nn.Conv2d):
            self.down = nn.Conv2d(layer.in_channels, rank, layer.kernel_size, layer.stride, layer.padding, bias=False)
            self.up = nn.Conv2d(rank, layer.out_channels, 1, bias=False)
        else:
            self.down = nn.Linear(layer.in_features, rank, bias=False)
            self.up = nn.Linear(rank, layer.out_features, bias=False)
        nn.init.kaiming_uniform_(self.down.weight, a=math.sqrt(5))
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.layer(x) + self.scale * self.up(self.down(x))


def adapt(module, rank, alpha):
    """Puts an adapter on every linear layer and convolution below `module`; the module's own weights are frozen.
    Returns path -> Adapted."""
    module.requires_grad_(False)
    adapted = {}
    for path, layer in list(module.named_modules()):
        if not isinstance(layer, (nn.Linear, nn.Conv2d)):
            continue
        above, _, name = path.rpartition(".")
        wrapped = Adapted(layer, rank, alpha)
        parent = module.get_submodule(above)
        if isinstance(parent, nn.ModuleList):
            parent[int(name)] = wrapped
        else:
            setattr(parent, name, wrapped)
        adapted[path] = wrapped
    return adapted


def kohya_tensors(adapted, alpha):
    """As kohya-ss/sd-scripts names them."""
    tensors = {}
    for path, layer in adapted.items():
        name = "lora_unet_" + path.replace(".", "_")
        tensors[f"{name}.lora_down.weight"] = layer.down.weight.detach()
        tensors[f"{name}.lora_up.weight"] = layer.up.weight.detach()
        tensors[f"{name}.alpha"] = torch.tensor(float(alpha))
    return tensors


def peft_tensors(adapted, alpha):
    """As PEFT and today's diffusers name them. Their scale is 1 where nothing says alpha: it goes into the weights."""
    tensors = {}
    for path, layer in adapted.items():
        tensors[f"unet.{path}.lora_A.weight"] = layer.down.weight.detach()
        tensors[f"unet.{path}.lora_B.weight"] = layer.up.weight.detach() * layer.scale
    return tensors
