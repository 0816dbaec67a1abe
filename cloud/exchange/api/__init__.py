"""The exchange over HTTP, version 1: orders, what became of them, market data, operations."""
