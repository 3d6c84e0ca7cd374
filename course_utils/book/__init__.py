"""The printed numbers: claims, verdicts and errata, and copies held against the course."""
