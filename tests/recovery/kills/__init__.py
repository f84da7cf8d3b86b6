"""The story of a complaint, told again and again while its servers are killed."""
