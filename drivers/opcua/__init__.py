"""OPC UA: a server's values told by subscription, checked by reading, set by writing."""
