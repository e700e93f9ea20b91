"""What is on the screen as a value: the network, what is open of it, and what each page shows."""
