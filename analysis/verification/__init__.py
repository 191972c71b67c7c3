"""Two versions of an application on the same cases: how many runs to make, when to stop, what they prove."""
