"""What commands are made of: output, questions to the engine, names of networks."""
