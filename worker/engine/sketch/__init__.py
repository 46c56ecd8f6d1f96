"""What is kept of a picture: keypoints, descriptors, and what the network looks at."""
