"""One series: its ticker, quote, trades and candles."""
