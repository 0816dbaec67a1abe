"""The exchange in SQL: orders, trades and what happened to them, made from facts alone."""
