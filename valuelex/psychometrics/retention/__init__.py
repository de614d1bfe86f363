"""Step 3: how many factors? A file per criterion; `panel.retain` puts them side by side."""
