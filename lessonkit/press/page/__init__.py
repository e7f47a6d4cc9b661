"""What does a page show? Embeds, and the HTML of everything that can be embedded."""
