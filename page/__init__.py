"""The review page: what an expert sees who is not an engineer, as plain HTML from a process of its own."""
