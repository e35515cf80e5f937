"""What happens at the console, told as stories."""
