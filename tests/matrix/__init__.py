"""The fault and abuse matrix: one test module a group of rows; README.md beside it holds the figures."""
