"""The page on which a vendor answers a case."""
