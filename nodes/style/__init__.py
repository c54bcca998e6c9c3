"""The style of pictures: their colours and palettes."""
