"""Who may say that something is confirmed: keys, signatures, the trust root, the audit chain."""
