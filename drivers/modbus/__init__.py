"""Modbus: planning and decoding are pure; one file opens sockets."""
