"""What every feature of the hub stands on; knows no feature."""
