"""Whether an inverter does what it is told: I5, I11, I12, I16, I23 and I24. Pure but for config."""
