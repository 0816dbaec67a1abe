"""The archive of what was seen, decided and why: its shape, its reader and its exports."""
