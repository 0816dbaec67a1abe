"""Devices with an HTTP API of their own: polled by JSON path, dispatched by a template."""
