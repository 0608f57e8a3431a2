"""Seeded numbers by position: the same (seed, lane, cell) gives the same number, everywhere.

A generator with a state would have to run from the beginning of the utterance to any frame asked
for; this one is asked directly, so that a resumed stream moves as the uninterrupted one did.
"""

from __future__ import annotations

_WORD = 2**64 - 1


def uniform(seed: int, lane: int, cell: int) -> float:
    """Return a number in [0, 1); `lane` tells apart what is drawn in one cell.

    The mixing is SplitMix64 (Steele, Lea, Flood 2014), applied once per word.
    """
    state = _mixed(_mixed(_mixed(seed) ^ lane) ^ cell & _WORD)
    return (state >> 11) * 2.0**-53


def _mixed(word: int) -> int:
    word = (word + 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & _WORD
    return word ^ word >> 31
