"""The next hours: what comes after the last auction, learned from how it was on earlier days."""
