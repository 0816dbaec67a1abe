"""Looking for devices on a network or a serial line that somebody named; never unasked."""
