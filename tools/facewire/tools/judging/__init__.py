"""The judge of lip motion: predicted curves against faces measured from video.

`reference` reads the measured clips, `correlation` and `closures` are the arithmetic, `verdict`
sums a set of clips up and holds it against the floor.
"""
