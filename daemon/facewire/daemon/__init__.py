"""The service: sessions, scheduler, sockets, and where the shipped data lies."""
