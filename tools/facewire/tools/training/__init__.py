"""Training of the embedded model: recordings in, a `direct` bundle out.

Only `facewire train` imports this package; torch is needed here and nowhere else. The path of
the data, in reading order: `voices` (synthesised speech) and `recordings` (files to clips) ->
`labels`, `articulation`, `gates`, `pseudo` and `constraints` (targets) -> `features` (log-mel,
part of the graph) -> `dataset` (variants and crops) -> `augment` -> `network` -> `losses` ->
`fit` -> `export` (ONNX and bundle.json).
"""
