"""What only the jobs of the workflows need: room on their disks, keys of caches, a tag for trials, advice."""
