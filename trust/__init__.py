"""Who may say that something is confirmed: keys, signatures, records and the trust root. No SQL."""
