"""Synthesised speech with exact phone times: more voices to learn closures and rounding from.

`sentences` says what is spoken, `flite` and `espeak` speak it, `recording` writes the set.
"""
