"""What `facewire bench` measures, each kind in a file of its own."""
