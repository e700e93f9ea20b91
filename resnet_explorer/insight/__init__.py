"""Inside a trained network: confusion, evidence, filters, feature maps, lesions, the loss surface."""
