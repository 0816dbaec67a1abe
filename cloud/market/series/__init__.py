"""Time series of the markets: prices, load, generation, flows, each as it became known."""
