"""What a user can set in motion, and that nothing else ever is."""
