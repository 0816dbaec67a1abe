"""Matching: one contract's orders and how they meet. Pure."""
