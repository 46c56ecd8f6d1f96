"""The page in the browser: what goes on, what was found, and what becomes of it. `imagesieve serve` runs it.

Routes are thin; what a page shows is worked out by the views, values in and values out. Everything comes from the
newest report, which is read once, and live from Redis. The network is not loaded here, nor is a file of a user's ever
decoded in this process.
"""
