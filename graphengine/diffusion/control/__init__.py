"""ControlNets: networks beside a denoiser that make it follow a picture."""
