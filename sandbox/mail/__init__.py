"""The sandbox's local mail box."""
