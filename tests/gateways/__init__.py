"""The gateways against their peers."""
