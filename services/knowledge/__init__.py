"""What is learned: drafts from verdicts, confirmation, lessons, rubrics and cases."""
