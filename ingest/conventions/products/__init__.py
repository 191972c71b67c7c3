"""What each convention, framework or product calls things."""
