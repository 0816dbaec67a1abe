"""Prices: depth, trades, averages, indices, candles and their history, of committed facts alone."""
