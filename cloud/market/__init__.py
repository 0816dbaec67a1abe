"""Markets as data: their contracts, gates and limits."""
