"""What brings time series in: one client for each source, behind one small protocol."""
