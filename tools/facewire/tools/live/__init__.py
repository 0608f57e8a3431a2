"""A daemon of our own and a voice that talks to it in real time: the parts of `facewire demo`."""
