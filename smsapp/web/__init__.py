"""What stands between the browser and the rooms: guard, HTTP routes, live hub, notices, frame."""
