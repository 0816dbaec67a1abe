"""A world to run in: devices, grid frequency, other traders, and the demonstration of it all."""
