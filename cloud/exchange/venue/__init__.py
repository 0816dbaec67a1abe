"""The venue: contracts, owners, and the life of an order from its entry to its end. Pure."""
