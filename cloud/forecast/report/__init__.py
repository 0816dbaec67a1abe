"""The report of a backtest: what is read, judged, drawn and written."""
