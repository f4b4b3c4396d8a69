"""Import desk: files -> mapping -> check -> contacts, every row accounted for."""
