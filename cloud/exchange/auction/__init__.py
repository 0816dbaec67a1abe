"""The daily auction: one price for each period, for all that was ordered until the gate."""
