"""Devices that speak in text or telegrams on a serial port: frequency meters, energy meters."""
