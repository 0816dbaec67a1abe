"""From positions to schedules: what each site has to deliver, quarter-hour by quarter-hour."""
