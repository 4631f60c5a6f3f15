"""The outbox on the stick and the client of the central registry."""
