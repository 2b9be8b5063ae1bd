"""The supply plan as a linear model: its language, its rows and what bounds them."""
