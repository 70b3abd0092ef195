"""What the networks that come with tuicnn reach: `python -m tuicnn.reproduce` trains them and writes it down."""
