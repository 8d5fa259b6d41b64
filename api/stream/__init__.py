"""The WebSocket: channels, snapshots, sequenced updates."""
