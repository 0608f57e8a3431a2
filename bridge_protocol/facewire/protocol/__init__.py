"""The Facewire bridge protocol: messages, shared-memory ring, limits, errors and the client."""
