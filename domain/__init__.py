"""The rules of Tierline: pure, with no I/O, no Temporal and no clock of their own."""
