"""What a supply plan is made from: tables and demand, checked and turned into arrays."""
