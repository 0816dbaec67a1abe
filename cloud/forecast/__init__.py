"""Forecasts of prices, load, solar and wind: with their spread, their inputs and their score."""
