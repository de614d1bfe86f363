"""What the judges are worth: agreement, severity, halo, biases, and what hangs on each of them."""
