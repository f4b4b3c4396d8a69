"""What became of it all: the dashboard, the list of sent campaigns, the live report of one, message by message."""
