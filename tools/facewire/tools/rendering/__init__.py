"""Draws the head in numpy: no GPU, no window, arrays in and arrays out, always the same bytes.

`renderer.Renderer` poses the head and puts `raster`, `light` and `backdrop` together; `look` is
what is worked out once per head with `surface`; `views` says where the camera stands and `turning`
how a head curve turns the head.
"""
