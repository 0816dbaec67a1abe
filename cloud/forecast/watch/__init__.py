"""Forecasts are watched: scored when the prices are known, and an alarm when they go wrong."""
