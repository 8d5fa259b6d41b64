"""Market data in the shape of the Deribit v2 API, so that existing clients read it by changing a URL."""
