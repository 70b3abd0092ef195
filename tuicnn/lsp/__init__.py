"""The language server: `.net` files in an editor, by the Language Server Protocol."""
