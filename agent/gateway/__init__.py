"""The patient process: keeps, sends, fetches; it may block without control noticing."""
