"""What is to leave later: the list and the calendar of planned campaigns (board 10)."""
