"""Who has sold and bought how much, by delivery period, and for how much money."""
