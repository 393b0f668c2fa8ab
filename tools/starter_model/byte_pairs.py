"""CLIP's tokenizer (Sennrich et al. 2016 over bytes, after GPT-2) and the learning of its merges.

The format: every byte has a printable letter; a word's last letter bears "</w>"; vocab.json numbers the 256 letters,
the 256 last letters, the merges' results and the two marks; merges.txt lists the merges under a version line.
"""
import json
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path

from .text_encoder import POSITIONS

START, END, WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def byte_letters():
    """Byte -> its letter, in the order of CLIP's vocabulary: the bytes that Latin-1 prints come first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + i) for i, byte in enumerate(others)}}


LETTERS = byte_letters()


def kind(letter):
    if letter.isspace():
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(letter)[0], "other")


def split_words(text):
    """Contractions, runs of letters, single digits, runs of anything else; white space parts them."""
    text, words, i = unicodedata.normalize("NFC", text).lower(), [], 0
    while i < len(text):
        contraction = next((c for c in CONTRACTIONS if text.startswith(c, i)), "")
        end = i + (len(contraction) or 1)
        if not contraction and kind(text[i]) in ("letter", "other"):
            while end < len(text) and kind(text[end]) == kind(text[i]):
                end += 1
        if kind(text[i]) != "space":
            words.append(text[i:end])
        i = end
    return words


def letters_of(word):
    letters = [LETTERS[byte] for byte in word.encode()]
    return (*letters[:-1], letters[-1] + WORD_END)


def merged(symbols, pair):
    result, i = [], 0
    while i < len(symbols):
        if symbols[i : i + 2] == pair:
            result.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            result.append(symbols[i])
            i += 1
    return tuple(result)


def learn_merges(word_counts, size):
    """The commonest neighbours become one, size times; ties go to the first in the alphabet."""
    words, merges = {letters_of(word): count for word, count in word_counts.items()}, []
    while len(merges) < size:
        pairs = Counter()
        for symbols, count in words.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {merged(symbols, best): count for symbols, count in words.items()}
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        letters = list(LETTERS.values())
        tokens = letters + [x + WORD_END for x in letters] + ["".join(pair) for pair in self.merges] + [START, END]
        self.ids = {token: i for i, token in enumerate(tokens)}
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        self.word_ids = lru_cache(None)(self._word_ids)
        if len(self.ids) != len(tokens):
            raise ValueError("two merges give the same token")

    def __len__(self):
        return len(self.ids)

    def _word_ids(self, word):
        symbols = letters_of(word)
        while True:
            known = [pair for pair in zip(symbols, symbols[1:]) if pair in self.ranks]
            if not known:
                return [self.ids[symbol] for symbol in symbols]
            symbols = merged(symbols, min(known, key=self.ranks.get))

    def encode_all(self, text):
        """Start, the text, end."""
        return [self.ids[START], *(i for word in split_words(text) for i in self.word_ids(word)), self.ids[END]]

    def encode(self, text, length=POSITIONS):
        """Cut to length with an end last, or filled up with ends, as CLIP's padding."""
        ids = self.encode_all(text)[: length - 1]
        return ids + [self.ids[END]] * (length - len(ids))

    def write(self, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["#version: 0.2", *(" ".join(pair) for pair in self.merges)]
        (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "vocab.json").write_text(json.dumps(self.ids, ensure_ascii=False), encoding="utf-8")
        mark = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
        start, end = dict(mark, content=START), dict(mark, content=END)
        special = {"bos_token": start, "eos_token": end, "pad_token": END, "unk_token": end}
        config = {"add_prefix_space": False, "bos_token": dict(start, __type="AddedToken"), "do_lower_case": True,
                  "eos_token": dict(end, __type="AddedToken"), "errors": "replace", "model_max_length": POSITIONS,
                  "pad_token": END, "tokenizer_class": "CLIPTokenizer", "unk_token": dict(end, __type="AddedToken")}
        (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2), encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def read_tokenizer(folder):
    lines = (Path(folder) / "merges.txt").read_text(encoding="utf-8").splitlines()
    return Tokenizer([line.split(" ") for line in lines[1:] if line])
