"""Sites and the places inside them."""
