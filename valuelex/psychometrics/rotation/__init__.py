"""Step 5: rotation. `criteria` says what is minimised, `projection` minimises, `rotate` is the front."""
