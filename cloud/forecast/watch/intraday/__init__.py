"""Forecasts of the next hours are scored when a day has ended, against the last auction's price."""
