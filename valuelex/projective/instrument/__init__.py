"""From a taxonomy to a test: stems, parallel forms, and the manual that goes with them."""
