"""The activities: one attempt each, and how its failure is told to Temporal."""
