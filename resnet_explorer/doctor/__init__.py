"""What of this machine the app needs and finds, or does not: findings with what to do, each check apart."""
