"""The watcher: sees the files of the watched folder and sends references of settled ones to the feature workers.

Light: it imports neither TensorFlow nor OpenCV, NumPy or scikit-learn, and it never reads a file's bytes.
"""
