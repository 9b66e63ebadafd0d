"""HTTP: the application, its endpoints and pages."""
