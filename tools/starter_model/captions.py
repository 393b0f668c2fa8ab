"""What people may write to get a scene: names, keywords, colours, places and pairs in a few turns of phrase.

A caption without a colour means white; one without a place means the whole thing in the middle.
"""
from collections import Counter

VOWELS = "aeiou"
SINGULAR_IN_S = {"bus", "octopus", "cactus", "hibiscus", "abacus", "hippopotamus", "rhinoceros", "christmas"}
NO_ARTICLE = {"bacon", "bread", "sushi", "broccoli", "popcorn", "garlic", "yarn", "thread", "soap", "fire", "brick",
              "santa claus", "statue of liberty", "high voltage", "infinity", "yin yang"}
SPECIFIC = 3  # a keyword that so many of the things share, at the most, may stand alone


def with_article(name):
    """"a rocket", "an egg"; plurals, stuffs and names of persons as they are."""
    head = name.split(" with ")[0].split(" of ")[0].split()[-1]
    if name in NO_ARTICLE or head in NO_ARTICLE:
        return name
    if head.endswith("s") and not head.endswith("ss") and head not in SINGULAR_IN_S:
        return name
    spoken_vowel = name.startswith("hour") or name[0] in VOWELS and not name.startswith(("uni", "one"))
    return f"{'an' if spoken_vowel else 'a'} {name}"


def on_background(colour_name):
    return f" on {with_article(colour_name)} background"


class Captions:
    def __init__(self, emoji):
        self.names = [e.name.lower() for e in emoji]
        taken = set(self.names)
        self.keywords = [[k.lower() for k in e.keywords if k.lower() not in taken and k.isascii()] for e in emoji]
        self.shared = Counter(word for words in self.keywords for word in words)
        self.specific = [[w for w in words if self.shared[w] <= SPECIFIC] for words in self.keywords]

    def thing(self, index, random):
        """A short way to call it: mostly its name."""
        if self.specific[index] and random.random() < 0.15:
            return str(random.choice(self.specific[index]))
        return self.names[index]

    def subject(self, index, random):
        """One thing alone."""
        name, keywords, roll = self.names[index], self.keywords[index], random.random()
        if keywords and roll < 0.12:  # keywords beside the name
            chosen = random.choice(keywords, size=min(len(keywords), int(random.integers(1, 3))), replace=False)
            return ", ".join([name, *map(str, chosen)])
        if roll < 0.26:  # keywords in place of the name
            if len(keywords) > 1 and random.random() < 0.3:
                return ", ".join(map(str, random.choice(keywords, size=2, replace=False)))
            if self.specific[index]:
                name = str(random.choice(self.specific[index]))
        roll = random.random()
        if roll < 0.45:
            return name
        if roll < 0.75:
            return with_article(name)
        return str(random.choice(("the {0}", "{0} emoji", "a picture of {1}", "a drawing of {1}", "an emoji of {1}"))
                   ).format(name, with_article(name))

    def placed(self, index, place, random):
        name = self.thing(index, random)
        if place == "small":
            word = str(random.choice(("small", "tiny", "little")))
            return f"{word} {name}" if random.random() < 0.5 else with_article(f"{word} {name}")
        name = name if random.random() < 0.5 else with_article(name)
        return f"{name} {'on' if place in ('left', 'right') else 'at'} the {place}"

    def pair(self, first, second, random):
        first, second, roll = self.thing(first, random), self.thing(second, random), random.random()
        if roll < 0.3:
            return f"{first} and {second}"
        first, second = with_article(first), with_article(second)
        if roll < 0.75:
            return f"{first} and {second}"
        return f"{first} {random.choice(('next to', 'beside'))} {second}"

    def background(self, colour_name, random):
        if colour_name == "white" and random.random() < 0.85:
            return ""
        if random.random() < 0.5:
            return on_background(colour_name)
        return str(random.choice((", {0} background", " on {0}", " with {1} background"))
                   ).format(colour_name, with_article(colour_name))

    def of(self, scene, random):
        """One caption for the scene, another each time."""
        if len(scene.things) == 2:
            text = self.pair(scene.things[0].index, scene.things[1].index, random)
        elif scene.place:
            text = self.placed(scene.things[0].index, scene.place, random)
        else:
            text = self.subject(scene.things[0].index, random)
        return text + self.background(scene.colour_name, random)
