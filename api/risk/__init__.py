"""The risk service, forwarded."""
