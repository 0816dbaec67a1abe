"""Sites, their gateways, the sync API and the telemetry store."""
