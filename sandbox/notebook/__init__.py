"""Notes: Zeppelin's note format, an engine that runs notes, its REST API and page, and the real Zeppelin."""
