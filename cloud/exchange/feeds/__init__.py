"""Feeds: books, trades and own orders over WebSockets, each message signed."""
