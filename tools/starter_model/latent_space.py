"""The coordinates in which the UNet sees latents: a linear map of the autoencoder's, folded into its 1x1 convolutions.

Raw channels are far from alike: one hardly changes the picture, another is its brightness. The map makes them equal in
what counts: a unit of noise in any direction then changes the decoded picture by the same squared error, so that the
UNet's loss is the picture's, to first order. The mean variance of the channels is 1.
"""
import torch

NOISE = 0.05  # of the raw channels' deviation: small enough for the decoder to answer linearly


@torch.no_grad()
def sensitivity(vae, latents, deviation):
    """[4, 4]: inner products of the pictures' changes for the same noise put into each raw channel."""
    clean, noise = vae.decode(latents), torch.randn(latents[:, :1].shape, generator=torch.Generator().manual_seed(5))
    changes = []
    for channel, scale in enumerate(deviation):
        moved = latents.clone()
        moved[:, channel : channel + 1] += NOISE * scale * noise
        changes.append(((vae.decode(moved) - clean) / (NOISE * scale)).flatten())
    changes = torch.stack(changes)
    return changes @ changes.T / changes.shape[1]


class LatentSpace:
    """x = matrix (raw - mean)."""

    def __init__(self, mean, matrix):
        self.mean, self.matrix = mean, matrix

    @staticmethod
    def of(vae, latents):
        """latents: raw ones of many pictures [N, 4, H, W]."""
        flat = latents.transpose(0, 1).flatten(1)
        mean, covariance = flat.mean(1), torch.cov(flat)
        values, vectors = torch.linalg.eigh(sensitivity(vae, latents[:: max(len(latents) // 100, 1)], flat.std(1)))
        values = values.clamp(min=values.max() * 1e-3)  # a direction of no effect is kept, small, for the way back
        matrix = vectors @ torch.diag(values.sqrt()) @ vectors.T
        variance = torch.trace(matrix @ covariance @ matrix.T) / len(mean)
        return LatentSpace(mean, matrix / variance.sqrt())

    def enter(self, raw):
        return torch.einsum("ij,bjhw->bihw", self.matrix, raw - self.mean[:, None, None])

    def leave(self, x):
        return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(self.matrix), x) + self.mean[:, None, None]

    @torch.no_grad()
    def fold(self, vae):
        """The autoencoder's latents are x from here on. Exact for means and decoding. The variance that the encoder
        states cannot be mapped by a linear layer of its logarithm: a constant of its size (1e-4) takes its place."""
        channels, quant, post = len(self.mean), vae.quant_conv, vae.post_quant_conv
        quant.weight[:channels, :, 0, 0] = self.matrix @ quant.weight[:channels, :, 0, 0]
        quant.bias[:channels] = self.matrix @ (quant.bias[:channels] - self.mean)
        quant.weight[channels:] = 0
        quant.bias[channels:] = torch.log(self.matrix.square() @ quant.bias[channels:].exp())
        post.bias += post.weight[:, :, 0, 0] @ self.mean
        post.weight[:, :, 0, 0] = post.weight[:, :, 0, 0] @ torch.linalg.inv(self.matrix)
