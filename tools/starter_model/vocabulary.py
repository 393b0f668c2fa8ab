"""The starter model's vocabulary: merges learnt from its names, keywords, colours and phrases."""
from collections import Counter

from .byte_pairs import Tokenizer, learn_merges, split_words
from .scenes import COLOUR_NAMES

SIZE = 2000  # tokens in all
NAME_WEIGHT, KEYWORD_WEIGHT, PHRASE_WEIGHT = 20, 4, 1000
PHRASES = """a an the on at in of and with next to beside background picture drawing emoji small tiny little big
left right top bottom large photo image icon two , . -"""


def word_counts(captions):
    counts = Counter()
    for texts, weight in (
        (captions.names, NAME_WEIGHT),
        ([word for words in captions.keywords for word in words], KEYWORD_WEIGHT),
        (PHRASES.split() + COLOUR_NAMES, PHRASE_WEIGHT),
    ):
        for text in texts:
            for word in split_words(text):
                counts[word] += weight
    return counts


def learn_tokenizer(captions):
    return Tokenizer(learn_merges(word_counts(captions), SIZE - 514))
