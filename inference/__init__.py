"""The torch side that reads models: load, render, sample, score. Never imports Django or the web app."""
