"""Telling others about our own plant over MQTT; it takes no commands."""
