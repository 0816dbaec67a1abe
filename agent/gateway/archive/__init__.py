"""How the evidence that control sends comes into the archive's file."""
