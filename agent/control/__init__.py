"""The fast process: gather, decide, write, on a fixed beat."""
