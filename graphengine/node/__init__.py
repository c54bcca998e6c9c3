"""What a node is: its specification as data, how one is declared, and where nodes are found."""
