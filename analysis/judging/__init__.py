"""What a judge's answers are worth beside people's: bounds, corrected rates, abstention, drift. No model, no store."""
