"""What leaves a fine-tuning as text: a training script that stands alone, and a model card."""
