"""Devices behind an MQTT broker: JSON by topic and path, or Sparkplug B."""
