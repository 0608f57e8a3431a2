"""Sentences composed from word lists, rich in sounds that can be seen on a mouth.

P B M shut the lips, F V tuck the lower one, W UW OW OY SH CH round them, TH shows the tongue, AA AE
AO open wide. Two thirds are sentences of a small grammar, the rest are runs of single words, where
a sound stands beside a pause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

_LISTS: dict[str, str] = {
    "who": (
        "Bobby Pam Tom Maeve Phoebe Wally Ruth Beth Moira Vivian Paul Fiona Barbara Hugo Judy "
        "Owen Thelma Shawn Zoe Roy Mabel Percy Olga Wanda Murphy Victor Bernard Yvonne Joan "
        "Humphrey"
    ),
    "folk": (
        "baker farmer painter plumber barber nephew mother father uncle robot wizard captain "
        "beaver puppy bumblebee shepherd waiter emperor worm mouse moose wolf woman baby boy "
        "poet fisherman chef judge thief neighbour pharaoh champion lawyer goose walrus hippo"
    ),
    "looks": (
        "brave purple bumpy warm famous blue smooth wooden yellow perfect wobbly funny thirsty "
        "cheap vivid fabulous huge broken marble velvet muddy foamy woolly round bitter awful "
        "modern thoughtful shiny rough heavy empty furry plump gloomy loyal noisy northern "
        "curious"
    ),
    "thing": (
        "apple pumpkin bathtub balloon spoon movie window map bamboo piano pebble vase shovel "
        "feather trumpet umbrella fish oven boot ribbon moon cave wheel thumb purse vacuum "
        "bottle lamp chimney fox album mushroom earth river view wave broom coin toy birthday "
        "computer soup"
    ),
    "things": (
        "apples bees plums fumes lambs views whales robes boots chairs foxes waves thumbs "
        "pearls beams puffs mops vans wolves birds gloves swamps moths palms jaws shops coins "
        "clubs"
    ),
    "did": (
        "bought moved pushed washed shaped found praised borrowed chewed polished worshipped "
        "measured pinched removed viewed opened folded blamed approved chopped threw heaved "
        "wiped bumped swept warmed followed improved embraced watched stirred"
    ),
    "does": (
        "jumps hums whispers burps swims wobbles chirps moves laughs coughs shuffles blooms "
        "waves grumbles chews snoops sobs hops prowls weeps murmurs breathes roars snores "
        "ponders"
    ),
    "number": ("one two three four five seven nine twelve forty fifty thousand several both"),
    "word": (
        "boom pew fume mob web vow woof thumb babe mop poof move bob pub palm beef muff wave "
        "wharf fib vamp map pipe womb bath moth mouth booth shove fudge job pop mime amber "
        "upper rubber zebra happy bumper simple purple marble symbol empire combo mumble hamper "
        "subway comb lime same time shoe zoo chew blue true you who few flu glue crew brew noon "
        "rule hoop soup group tooth truth oh go row show toe hope boat foam robe wove oats open "
        "over own boy toy joy coin voice point saw law paw awe dawn fall tall walk bought ought "
        "shock watch shot top chop mop bar far yes girl bird fur turn worth search nurse shirt "
        "hurry key see feed tea cheese neat leaf gift cat bad map sang laugh half lamb man ham "
        "back very love give five leave above vote visit"
    ),
}
_SHAPES = (
    "The {looks} {folk} {did} my {looks} {thing}.",
    "{who} and {who} {did} {number} {things} {how}.",
    "Why would {who} ever move a {looks} {thing}?",
    "My {folk} {does} {how}, but {who} {does} too.",
    "Would you shove the {thing} over, {who}?",
    "Both of the {things} were {looks} and {looks}.",
    "{who} {did} a {thing} for the {folk} {how}.",
    "Who {did} {who}? The {looks} {folk}!",
    "Bob's {thing} is above five {looks} {things}.",
    "Please give {who} {number} {looks} {things}, maybe more.",
    "Oh, I hope your {folk} {does} {how}!",
    "From the {thing} came a {looks} {folk}, {number} {things}, and {who}.",
    "What a {looks} {thing}! {who} {did} it {how}.",
    "We {did} the {thing}, poor {who}, before the {folk} {does}.",
    "{number} {things}, a {looks} {thing}, and some warm {things}.",
    "Few of them ever {did} a {thing} as {looks} as {who} {did}.",
)  # fmt: skip
_HOW = (
    "boldly",
    "softly",
    "by far",
    "before lunch",
    "with both thumbs",
    "in the fog",
    "above the roof",
    "somehow",
    "for a fee",
    "without fuss",
    "at home",
    "under water",
    "all afternoon",
    "on the beach",
    "near the harbour",
    "in the bathroom",
    "through the woods",
    "behind the barn",
    "beyond the bay",
    "at noon",
    "every February",
)
_RUN_SHARE = 1 / 3


def sentences(count: int, seed: int) -> list[str]:
    """Return so many different sentences; the same seed gives the same ones."""
    random = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_run(random) if random.random() < _RUN_SHARE else _sentence(random)] = None
    return list(found)


def _run(random: Generator) -> str:
    words = random.choice(_LISTS["word"].split(), random.integers(3, 7), replace=False)
    marks = random.choice([",", ",", " and", ".", "!"], len(words) - 1)
    text = "".join(f"{w}{m} " for w, m in zip(words, marks, strict=False)) + str(words[-1])
    return text[0].upper() + text[1:] + str(random.choice([".", "!", "?"]))


def _sentence(random: Generator) -> str:
    text = str(random.choice(_SHAPES))
    while "{" in text:
        name = text[text.index("{") + 1 : text.index("}")]
        words = _HOW if name == "how" else _LISTS[name].split()
        text = text.replace("{" + name + "}", str(random.choice(words)), 1)
    return text[0].upper() + text[1:]
