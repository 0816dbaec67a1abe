"""How the evidence of control comes into the archive's file."""
