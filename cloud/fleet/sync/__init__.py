"""The sync API: who a gateway is, what it uploads, what it is told."""
