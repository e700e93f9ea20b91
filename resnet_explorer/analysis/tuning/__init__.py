"""Fine-tuning in pure Python: what is tuned and how, the groups of parameters, and what the checks of data find."""
