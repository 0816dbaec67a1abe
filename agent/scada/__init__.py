"""Our own OPC UA server, for a SCADA that wants to read the plant: optional, off by default."""
