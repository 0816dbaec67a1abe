"""Field devices behind one small Protocol; each protocol library is imported in one file."""
