"""What experts read and answer, said once for the terminal and the page: plain words, no markup, no machine's terms."""
