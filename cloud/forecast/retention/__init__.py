"""What of the forecasts is too old, in the database."""
