"""Faster files of a user's own network, each kept with a proof: `facewire models optimise`."""
