"""The internal exchange: orders in price-time priority on quarter-hour contracts, one writer."""
