"""What forbids or limits power, whoever asks for it: I1 to I25, evaluated before every write."""
