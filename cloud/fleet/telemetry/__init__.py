"""What the boxes measured: taken in once, kept as uploaded, rolled up, asked for."""
