"""Sparkplug B: edge nodes and their devices, on MQTT, in protocol buffers."""
