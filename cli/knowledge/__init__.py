"""Commands on lessons and regression cases."""
