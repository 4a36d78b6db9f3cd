"""`sandbox demo`: the course, live in the terminal."""
