"""Running the fleet: commands, alarms, gap ledgers, reports, tags and groups."""
