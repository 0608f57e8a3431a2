"""Windows, backends, model families, and the stream that joins them."""
