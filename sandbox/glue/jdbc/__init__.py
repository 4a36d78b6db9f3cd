"""Databases behind JDBC connections: their addresses, who asks, and what tables they have."""
