"""From completions to judgements: embedded judge, LLM judges, and what is known of them."""
