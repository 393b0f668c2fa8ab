"""Where the words' embeddings begin: with the looks of what they name.

A word begins as the mean look of the things whose name or keywords hold it, the principal components of their latents.
Similar things then have similar words, and the way from word to picture is nearly linear.
"""
import numpy
import torch

KEYWORD_SHARE = 0.3  # of a keyword's weight to a name's
SIZE = 0.6  # root mean square of an embedding's numbers


def principal_looks(latents, count):
    """[N, 4, H, W] -> [N, count]: coordinates along the strongest components, weak ones lifted to half their
    (logarithmic) distance."""
    flat = latents.flatten(1)
    flat = flat - flat.mean(0)
    values, vectors = torch.linalg.eigh(flat @ flat.T)
    values, vectors = values.flip(0)[:count].clamp(min=0), vectors.flip(1)[:, :count]
    return vectors * values.sqrt().sqrt()


@torch.no_grad()
def give_words_their_looks(embedding, tokenizer, captions, latents):
    """embedding [vocabulary, width]; latents: one of each thing, in the captions' order [N, 4, H, W]. Tokens of no
    word stay as they are."""
    looks = principal_looks(latents, embedding.shape[1])
    looks = looks / looks.square().mean().sqrt()
    sums, weights = torch.zeros_like(embedding), torch.zeros(len(embedding), 1)
    for look, name, keywords in zip(looks, captions.names, captions.keywords):
        for text, weight in [(name, 1.0)] + [(word, KEYWORD_SHARE) for word in keywords]:
            for token in tokenizer.encode_all(text)[1:-1]:
                sums[token] += weight * look
                weights[token] += weight
    named = weights[:, 0] > 0
    mean = sums[named] / weights[named]
    size = mean.square().mean(1, keepdim=True).sqrt()
    embedding[named] = SIZE * mean / size.clamp(min=numpy.finfo(numpy.float32).eps)
