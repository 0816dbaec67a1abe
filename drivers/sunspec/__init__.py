"""SunSpec: registers found by walking a device's own list of models, then read as plain Modbus."""
