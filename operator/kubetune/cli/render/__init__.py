"""From a snapshot to what a person reads: pure, tested against golden files."""
