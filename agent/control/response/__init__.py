"""Frequency products: from the grid's deviation to power, while the frequency is credible."""
