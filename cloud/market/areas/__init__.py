"""Delivery areas and control areas as data: codes, clocks, neighbours, price limits, holidays."""
