"""Strategies of the site itself, and the limits at its connection to the grid. Pure."""
