"""Export files of products that watch agents: Langfuse, LangSmith, Phoenix, Braintrust and their like."""
