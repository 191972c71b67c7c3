"""The words of the product: traces, findings, reviews, cases, errors, the search line. No I/O."""
