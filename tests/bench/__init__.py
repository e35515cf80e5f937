"""Figures: what the widgets and the output layer cost, beside the stock ones, measured in the same run."""
