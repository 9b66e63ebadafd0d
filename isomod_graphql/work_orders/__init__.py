"""Work orders: what is planned, done and signed off; refuses any change of state outside its table."""
