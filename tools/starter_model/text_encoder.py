"""CLIPTextModel (Radford et al. 2021): a causal transformer; its last states, normed, are the UNet's context."""
import torch
from torch import nn

from .blocks import attend, start_at_zero

POSITIONS = 77


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        return self.out_proj(attend(self.q_proj(x), self.k_proj(x), self.v_proj(x), self.heads, causal=True))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.fc1(x)
        return self.fc2(h * torch.sigmoid(1.702 * h))  # quick_gelu


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.layer_norm1 = nn.LayerNorm(width)
        self.mlp = FeedForward(width)
        self.layer_norm2 = nn.LayerNorm(width)
        start_at_zero(self.self_attn.out_proj)  # at first the words themselves are the context
        start_at_zero(self.mlp.fc2)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(POSITIONS, width)
        nn.init.normal_(self.token_embedding.weight, std=0.3)
        nn.init.normal_(self.position_embedding.weight, std=0.05)

    def forward(self, ids):
        return self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]


class Encoder(nn.Module):
    def __init__(self, layers, width, heads):
        super().__init__()
        self.layers = nn.ModuleList([Layer(width, heads) for _ in range(layers)])


class TextModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, heads = config["hidden_size"], config["num_attention_heads"]
        self.embeddings = Embeddings(config["vocab_size"], width)
        self.encoder = Encoder(config["num_hidden_layers"], width, heads)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.embeddings(ids)
        for layer in self.encoder.layers:
            x = layer(x)
        return self.final_layer_norm(x)


class TextEncoder(nn.Module):
    """ids [B, tokens] -> [B, tokens, hidden_size]. The file's names bear the prefix text_model."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.text_model = TextModel(config)

    def forward(self, ids):
        return self.text_model(ids)


def text_config(vocabulary, width=128, layers=3, heads=4):
    """config.json, with the keys of Stable Diffusion's; the vocabulary ends with the start mark and the end mark."""
    return {
        "architectures": ["CLIPTextModel"],
        "attention_dropout": 0.0,
        "bos_token_id": vocabulary - 2,
        "dtype": "float16",
        "eos_token_id": vocabulary - 1,
        "hidden_act": "quick_gelu",
        "hidden_size": width,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "intermediate_size": 4 * width,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": POSITIONS,
        "model_type": "clip_text_model",
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "pad_token_id": vocabulary - 1,
        "projection_dim": width,
        "transformers_version": "5.12.1",
        "vocab_size": vocabulary,
        "torch_dtype": "float16",
    }
