"""What agents hand in and work through: jobs, quotations, sentences, fixes, the demo's loop."""
