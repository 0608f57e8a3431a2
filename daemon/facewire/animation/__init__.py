"""From network output to a face: curve names, interpolation in time, idle motion."""
