"""What the outside calls: it verifies, translates and hands to a workflow, and keeps nothing."""
