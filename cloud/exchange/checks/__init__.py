"""Pre-trade checks in memory: what an account, and the battery behind it, may do. Pure."""
