"""Keeps the protocol's golden vectors and SPEC's tables equal to the code; for developers only."""
