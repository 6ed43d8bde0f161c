"""HYDRA engine: layers from the kernel up to the host. Never imports a terminal library."""
