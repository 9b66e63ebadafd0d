"""What every room stands on: settings, time, ids, columns, keys and transactions. It refuses to know any domain."""
