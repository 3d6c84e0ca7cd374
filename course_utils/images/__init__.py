"""Real images: the data sets of the course, a folder of your own, and distortions."""
