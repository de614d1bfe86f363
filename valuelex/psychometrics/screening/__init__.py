"""Step 2: can these data be factored at all?"""
