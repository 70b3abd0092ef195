"""A run as one page of HTML: nothing in it comes from elsewhere, and no script runs."""
