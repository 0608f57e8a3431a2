"""The picture of an utterance: what was said, what the curves did and how a face looks.

`take.Take` holds the numbers, `sheet.draw_sheet` puts the picture together from `waveform`,
`lanes`, the faces of `film` and the instants `moments` picks by the `sounds`. Every part is a
function from arrays to pixels; nothing here opens a file, a socket or a clock.
"""
