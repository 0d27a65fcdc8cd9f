"""Known data sets, a file each."""
