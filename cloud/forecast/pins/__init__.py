"""Members that a person has pinned: who is asked for the forecasts of an area."""
