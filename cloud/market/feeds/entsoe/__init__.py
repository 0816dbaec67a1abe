"""ENTSO-E Transparency Platform: documents of the European market, read purely, asked politely."""
