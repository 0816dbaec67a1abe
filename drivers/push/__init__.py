"""Devices that push what they measure to the agent's own HTTP page."""
