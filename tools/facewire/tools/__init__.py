"""The `facewire` command: one small file per subcommand."""
